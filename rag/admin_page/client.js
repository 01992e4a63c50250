// Requests to the service with the editor's key, which is kept for this tab alone.

const KEY = "kilde.admin-key";
let refused = () => {};

export class Problem extends Error {}

export const key = {
  get: () => sessionStorage.getItem(KEY),
  set: (value) => sessionStorage.setItem(KEY, value),
  forget: () => sessionStorage.removeItem(KEY),
};

/** What is called when the service does not take the key. */
export function whenRefused(listener) {
  refused = listener;
}

export const readJson = async (path) => (await ask(path)).json();

export const readBlob = async (path) => (await ask(path)).blob();

/** The objects of a reply that has one in each line, as they arrive. */
export async function* readLines(path, body, signal) {
  const headers = { "Content-Type": "application/json" };
  const response = await ask(path, { method: "POST", headers, body: JSON.stringify(body), signal });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const lines = (rest + part.value).split("\n");
    rest = lines.pop();
    for (const line of lines) if (line) yield JSON.parse(line);
  }
}

async function ask(path, options = {}) {
  const headers = { ...options.headers, Authorization: `Bearer ${key.get()}` };
  const response = await fetch(path, { ...options, headers, cache: "no-store", redirect: "error" }).catch((error) => {
    if (error.name === "AbortError") throw error;
    throw new Problem("The service does not answer. Is it running?");
  });
  if (response.ok) return response;
  if (response.status === 401) refused();
  throw new Problem(await told(response));
}

async function told(response) {
  try {
    return (await response.json()).error.message;
  } catch {
    return `The service answered with ${response.status}.`;
  }
}
