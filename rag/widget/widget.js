// The file that a page names: it defines <kilde-chat>, and puts a launcher on a page that has only the script tag:
//   <script type="module" src="…/widget/v1/widget.js" data-site-id="…"></script>
// data-lang, data-theme, data-heading and data-link-hosts become attributes of that launcher.

import { KildeChat } from "./kilde-chat.js";

const GIVEN = ["site-id", "lang", "theme", "heading", "link-hosts"];

function launch() {
  const tag = Array.from(document.scripts).find(({ src }) => src === import.meta.url);
  if (!tag || tag.dataset.siteId === undefined || document.querySelector("kilde-chat")) return;
  const launcher = document.createElement("kilde-chat");
  for (const name of GIVEN) {
    const value = tag.getAttribute(`data-${name}`);
    if (value) launcher.setAttribute(name, value);
  }
  document.body.append(launcher);
}

if (!customElements.get("kilde-chat")) {
  customElements.define("kilde-chat", KildeChat);
  launch();
}
