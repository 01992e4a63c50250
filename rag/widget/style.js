// How the widget looks. A constructed style sheet: it needs no permission from the page's content security policy.
// The page may set every --kilde-… property, and style the parts with ::part(). Sizes of targets are px, of text em.

const TOKENS = `
:host {
  all: initial; display: block; color-scheme: inherit; font-size: medium;
  --accent: var(--kilde-accent, light-dark(#0b5d5e, #7ccac3));
  --on-accent: var(--kilde-on-accent, light-dark(#fff, #0d1f1f));
  --paper: var(--kilde-paper, light-dark(#faf8f4, #151719));
  --card: var(--kilde-card, light-dark(#fff, #1d2023));
  --ink: var(--kilde-ink, light-dark(#1f1d1a, #ebe7df));
  --soft: var(--kilde-soft, light-dark(#625d55, #a9a49a));
  --line: var(--kilde-line, light-dark(#e2dcd1, #34383c));
  --quote: var(--kilde-quote, light-dark(#f1ede2, #2f3b3d));
  --alarm: light-dark(#a3301c, #f2a08e);
  --mark: var(--kilde-mark, light-dark(#fbe9b3, #5d4d14));
  --font: var(--kilde-font, system-ui, -apple-system, "Segoe UI", "Noto Sans", sans-serif);
  --serif: var(--kilde-font-heading, ui-serif, "Iowan Old Style", Charter, Georgia, "Noto Serif", serif);
  --radius: var(--kilde-radius, 18px);
}
:host([hidden]) { display: none; }
:host([theme="light"]) { color-scheme: light; }
:host([theme="dark"]) { color-scheme: dark; }
[hidden] { display: none !important; }
* { box-sizing: border-box; }
.surface, dialog { color: var(--ink); font: 1.0625em/1.6 var(--font); -webkit-text-size-adjust: 100%; overflow-wrap: anywhere; }
.surface dialog { font-size: 1em; }
h2, h3, h4, p, ul, fieldset { margin: 0; padding: 0; border: 0; }
ul { list-style: none; }
button, textarea { font: inherit; color: inherit; }
button { cursor: pointer; }
a { color: var(--accent); text-underline-offset: .18em; text-decoration-thickness: .06em; }
:focus-visible { outline: 2.5px solid var(--accent); outline-offset: 2px; border-radius: 6px; }
.icon { width: 22px; height: 22px; flex: none; fill: none; stroke: currentColor; stroke-width: 1.7; stroke-linecap: round; stroke-linejoin: round; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
`;

const FRAME = `
.chat { display: flex; flex-direction: column; position: relative; background: var(--paper); }
.chat > header { display: flex; align-items: center; justify-content: space-between; gap: 8px; min-height: 60px; padding: 8px 10px 8px 20px; border-bottom: 1px solid var(--line); }
[dir="rtl"] .chat > header { padding: 8px 20px 8px 10px; }
.chat h2 { font: 500 1.2em/1.25 var(--serif); letter-spacing: -.01em; }
.row { display: flex; align-items: center; gap: 2px; }
.thread { flex: 1; min-height: 0; overflow: auto; overscroll-behavior: contain; padding: 4px 20px 20px; }
.thread:focus-visible { outline-offset: -3px; }
.welcome { padding-top: 14px; }
.intro { max-width: 24em; font: 1.25em/1.45 var(--serif); letter-spacing: -.005em; text-wrap: pretty; }
.thread > .notice { margin-top: 18px; }
.thread > .notice:empty, .ask .notice:empty, .chat:has(.turn:last-child > .offline) .ask .offline { display: none; }

.as-page, .as-page .chat { min-height: inherit; }
.as-page .chat { padding-inline: 20px; border-radius: var(--radius); }
.as-page .intro { display: none; }
.as-page .chat > header { min-height: 0; padding: 0; border: 0; position: absolute; inset-inline-end: 10px; top: 14px; z-index: 1; }
.as-page .chat h2 { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.as-page .thread { overflow: visible; padding-inline: 0; }
.as-page[dir="ltr"] .turn:first-child .asked { padding-right: 44px; }
.as-page[dir="rtl"] .turn:first-child .asked { padding-left: 44px; }
.as-page .ask { position: sticky; bottom: 0; padding-inline: 0; background: var(--paper); box-shadow: 0 -8px 8px var(--paper); }

.as-inline .chat { height: var(--kilde-height, min(40rem, 90vh)); border: 1px solid var(--line); border-radius: var(--radius); overflow: hidden; }

.launcher { position: fixed; z-index: var(--kilde-z-index, 2147483000); inset-block-end: var(--kilde-bottom, 20px); inset-inline-end: var(--kilde-side, 20px); display: inline-flex; align-items: center; gap: 10px; min-height: 52px; padding: 0 20px 0 16px; border: 0; border-radius: 26px; background: var(--accent); color: var(--on-accent); font-weight: 600; font-size: .97em; box-shadow: 0 6px 24px rgb(0 0 0 / 22%); }
.launcher:hover { box-shadow: 0 8px 30px rgb(0 0 0 / 30%); }
.launcher:focus-visible { border-radius: 26px; }

dialog { margin: 0; padding: 0; border: 0; background: var(--card); max-width: none; max-height: none; }
dialog::backdrop { background: rgb(0 0 0 / 38%); }
.panel { inset: 0 0 0 auto; width: min(29rem, 100vw); height: 100dvh; border-inline-start: 1px solid var(--line); background: var(--paper); box-shadow: 0 0 50px rgb(0 0 0 / 18%); overflow: hidden; animation: rise .18s ease-out; }
[dir="rtl"] .panel { inset: 0 auto 0 0; }
.panel::backdrop { background: none; }
.panel .chat { height: 100%; }
@keyframes rise { from { opacity: 0; transform: translateY(10px); } }

.passage { inset: 0 0 0 auto; width: min(44rem, 100vw); height: 100dvh; box-shadow: 0 0 60px rgb(0 0 0 / 25%); animation: rise .18s ease-out; }
[dir="rtl"] .passage { inset: 0 auto 0 0; }
.panel ~ .passage { width: min(29rem, 100vw); border-inline-start: 1px solid var(--line); box-shadow: none; }
.panel ~ .passage::backdrop { background: none; }
.passage[open] { display: flex; flex-direction: column; }
.passage header { display: flex; align-items: start; justify-content: space-between; gap: 12px; padding: 18px 12px 14px 24px; border-bottom: 1px solid var(--line); }
[dir="rtl"] .passage header { padding: 18px 24px 14px 12px; }
.passage h2 { font: 500 1.25em/1.3 var(--serif); letter-spacing: -.01em; }
.passage .text { flex: 1; overflow: auto; overscroll-behavior: contain; padding: 18px 24px; font-family: var(--serif); }
.passage .text > * { max-width: 38em; margin: 0 0 .9em; }
.passage .text > .notice:first-child { font: .9em/1.6 var(--font); }
.passage .text:focus-visible { outline-offset: -3px; }
.passage footer { padding: 8px 24px; border-top: 1px solid var(--line); }
.out { display: inline-flex; align-items: center; gap: 8px; min-height: 44px; }
.out .icon { width: 17px; height: 17px; }
[dir="rtl"] .out .icon { transform: scaleX(-1); }
mark { padding: .1em .15em; border-radius: .2em; background: var(--mark); color: inherit; -webkit-box-decoration-break: clone; box-decoration-break: clone; }

.ask-again { margin: auto; width: min(24rem, calc(100vw - 40px)); padding: 20px; border: 1px solid var(--line); border-radius: var(--radius); animation: rise .18s ease-out; }
.ask-again .row { flex-wrap: wrap; justify-content: end; gap: 8px; margin-top: 16px; }
.ask-again .quiet { flex: initial; color: var(--ink); }
.ask-again .sure { border-color: var(--alarm); font-weight: 600; }

@media (max-height: 30rem) {
  .chat > header { min-height: 48px; padding-block: 2px; }
  .turn, .welcome { padding-top: 12px; }
  .ask { padding-block: 6px; }
  .begun #disclosure { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
}
@media (max-width: 30rem) {
  .sources .quiet:has(.icon) { min-width: 44px; padding: 0 11px; }
  .sources .quiet:has(.icon) span { display: none; }
  .sources .quiet .icon { display: block; }
  .panel, .panel ~ .passage { width: 100vw; border: 0; }
  .launcher { inset-block-end: var(--kilde-bottom, 14px); inset-inline-end: var(--kilde-side, 14px); }
}
`;

const WORDS = `
.turn { padding-top: 22px; }
.turn + .turn { margin-top: 28px; border-top: 1px solid var(--line); }
.asked { margin-bottom: .65em; font: 500 1.3em/1.35 var(--serif); letter-spacing: -.01em; white-space: pre-line; }
.panel .asked, .as-inline .asked { font-size: 1.15em; }
.about, .understood, .notice, .phase, .label { color: var(--soft); font-size: .875em; }
.understood, .turn > .notice, .phase { margin-bottom: .7em; }
.understood q, .quote { quotes: none; unicode-bidi: isolate; }
.understood q { font-style: italic; }
.answer { white-space: pre-line; }
.gap { display: block; height: .6em; overflow: hidden; }
.turn:focus { outline: none; }
.quote { padding: .1em .15em; border-radius: .25em; background: var(--quote); -webkit-box-decoration-break: clone; box-decoration-break: clone; }
.quote strong { font-weight: 650; }
.problem, .turn > div.notice { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 6px 16px; margin-top: .4em; }
.problem { padding: 14px 16px; border: 1px solid color-mix(in srgb, var(--alarm) 45%, transparent); border-radius: 12px; background: color-mix(in srgb, var(--alarm) 8%, var(--card)); }
.problem > p { flex: 1; min-width: 12em; }
.problem > .icon { color: var(--alarm); }
.problem .quiet { border-color: var(--alarm); color: var(--ink); font-weight: 600; }
.problem .about { display: block; }
.phase::before { content: ""; display: inline-block; width: .55em; height: .55em; margin-inline-end: .6em; border-radius: 50%; background: var(--accent); animation: breathe 1.1s ease-in-out infinite alternate; }
@keyframes breathe { from { opacity: .2; } }
.marker { position: relative; min-width: 1.7em; margin-inline: .22em; padding: 0 .45em; border: 0; border-radius: .85em; background: var(--accent); color: var(--on-accent); font: 600 .74em/1.7 var(--font); vertical-align: .1em; }
.marker::after { content: ""; position: absolute; inset: -13px -12px; }
.marker + .marker { margin-inline-start: .5em; }
.marker + .marker::after { inset-inline-start: -.36em; }
.marker:has(+ .marker)::after { inset-inline-end: -.36em; }
.marker:hover { filter: brightness(1.15); }

.label { display: block; margin: 22px 0 4px; font: 500 .85em/1.4 var(--font); }
.sources li { display: flex; gap: 10px; align-items: center; padding: 4px 0; border-top: 1px solid var(--line); }
.sources li:first-child { border-top: 0; }
.words { flex: 1; min-width: 0; }
.n { min-width: 1.75em; border-radius: .9em; background: var(--quote); text-align: center; font: 600 .76em/1.75 var(--font); }
.title { font-size: .94em; line-height: 1.35; }
.sources .about { line-height: 1.4; }
.title a { position: relative; display: inline-block; min-width: 44px; margin-block: -12px; padding-block: 12px; }
.quiet, .suggestions button { min-height: 44px; border: 1px solid var(--line); background: none; font-size: .9em; line-height: 1.35; }
.sources .quiet { padding: 0 8px; border-color: transparent; }
.quiet { flex: none; padding: 0 14px; border-radius: 12px; color: var(--soft); }
.quiet .icon { display: none; }
.quiet:hover { color: var(--ink); border-color: var(--soft); }
.bare { display: inline-flex; align-items: center; justify-content: center; flex: none; width: 44px; height: 44px; padding: 0; border: 0; border-radius: 12px; background: none; color: var(--soft); }
.bare:hover { color: var(--ink); background: var(--quote); }
.bare[aria-pressed="true"] { color: var(--accent); background: var(--quote); }
.bare[aria-pressed="true"] path { fill: currentColor; fill-opacity: .3; }
.actions { margin-top: 10px; }
.actions > .row { margin-inline-start: -10px; }
.state { margin-inline-start: 8px; }
.suggestions { display: flex; flex-wrap: wrap; gap: 8px; padding-top: 6px; }
.suggestions button { padding: 8px 16px; border-radius: 22px; background: var(--card); text-align: start; font-size: .94em; }
.suggestions button:hover { border-color: var(--accent); }

.as-page .details { scroll-margin-bottom: 9em; }
.details { margin-top: 8px; padding: 14px 16px; border: 1px solid var(--line); border-radius: 14px; background: var(--card); font-size: .94em; }
.details legend { padding: 0; font-weight: 600; }
.details fieldset { margin-bottom: 10px; }
.details fieldset label { display: flex; gap: 10px; align-items: center; min-height: 44px; }
.details input { width: 18px; height: 18px; margin: 0; accent-color: var(--accent); }
.details textarea { display: block; width: 100%; margin: 4px 0; border: 1px solid var(--soft); border-radius: 10px; }
.details .quiet { margin-top: 8px; }

.ask { padding: 10px 16px; padding-bottom: max(10px, env(safe-area-inset-bottom)); }
.ask .notice { padding: 0 6px 8px; }
.box { display: flex; align-items: flex-end; gap: 6px; padding: 5px; border: 1px solid var(--soft); border-radius: 27px; background: var(--card); }
.box:focus-within { border-color: var(--accent); box-shadow: 0 0 0 1px var(--accent); }
textarea { flex: 1; min-width: 0; min-height: 44px; max-height: 11em; padding: 9px 14px; border: 0; background: none; resize: none; line-height: 26px; field-sizing: content; }
.box textarea:focus { outline: none; }
[dir="rtl"] textarea:placeholder-shown { direction: rtl; }
textarea::placeholder { color: var(--soft); opacity: 1; }
.send { display: inline-flex; align-items: center; justify-content: center; flex: none; width: 44px; height: 44px; padding: 0; border: 0; border-radius: 50%; background: var(--accent); color: var(--on-accent); }
.send:focus-visible { border-radius: 50%; }
#disclosure { margin: 8px 6px 0; color: var(--soft); font-size: .78em; line-height: 1.4; text-align: center; }

@media (prefers-reduced-motion: reduce) { *, .phase::before { animation: none !important; } }
@media (forced-colors: active) {
  .marker, .send, .box, .launcher, dialog, .quiet { border: 1px solid; }
  .marker, .send, .launcher { background: ButtonFace; color: ButtonText; }
  .quote { text-decoration: underline dotted; }
  mark { background: Mark; color: MarkText; forced-color-adjust: none; }
  .bare[aria-pressed="true"] { outline: 2px solid Highlight; }
}
`;

export const sheet = new CSSStyleSheet();
sheet.replaceSync(TOKENS + FRAME + WORDS);
