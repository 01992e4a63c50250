// The file that a page names: it defines <kilde-chat>, and puts a launcher on a page that has only the script tag:
//   <script type="module" src="…/widget/v1/widget.js" data-site-id="…"></script>
// data-lang, data-theme, data-heading and data-link-hosts become attributes of that launcher.
// It names every module, so that a browser asks for all of them at once; the service puts their version into the names.

import "./answer-text.js";
import "./chat.js";
import "./composer.js";
import "./conversation.js";
import "./dialogs.js";
import "./elements.js";
import "./feedback.js";
import "./following.js";
import "./icons.js";
import "./language.js";
import "./passage.js";
import "./reading.js";
import "./service.js";
import "./sources.js";
import "./style.js";
import "./told.js";
import "./turn.js";
import "./wording.js";
import "./strings/en.js";
import { KildeChat } from "./kilde-chat.js";

export { element } from "./elements.js";
export { LANGUAGES, chosenLanguage, wordsOf } from "./language.js";
export { directionOf, spoken } from "./reading.js";
export { languageName } from "./wording.js";

const GIVEN = ["site-id", "lang", "theme", "heading", "link-hosts"];

function launch() {
  const tag = Array.from(document.scripts).find(({ src }) => src === import.meta.url);
  if (!tag || document.querySelector("kilde-chat")) return;
  if (tag.dataset.siteId === undefined) {
    console.error('Kilde: no button without data-site-id="…" on the script tag, and no <kilde-chat> on the page.');
    return;
  }
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
