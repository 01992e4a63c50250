// What the service sends, and what the parts of the widget hand each other. Read by the type check only; not served.

import type english from "./strings/en.js";
import type { Conversation } from "./conversation.js";
import type { Service, Trouble } from "./service.js";

export type Strings = typeof english;

export interface TextRange {
  start: number;
  end: number;
}

/** Where a quote stands; the fields that the widget uses. */
export interface CitationSource extends TextRange {
  article_id: string;
  url: string | null;
  title: string;
  lang: string;
  published: string | null;
}

export interface Citation {
  n: number;
  answer: TextRange;
  source: CitationSource;
  quote: string;
  highlight?: TextRange | null;
}

export interface Source {
  n: number;
  article_id: string;
  title: string;
  url: string | null;
  lang: string;
  published: string | null;
  other_langs?: string[];
}

export interface Answer {
  message_id: string;
  conversation_id: string;
  status: "answered" | "partial" | "not_found" | "out_of_scope";
  question: string;
  standalone_question: string;
  lang: string;
  text: string;
  citations: Citation[];
  sources: Source[];
  nearest: Source[];
  followups: string[];
  /** Its reader ended it before it was whole. */
  stopped?: boolean;
}

export interface ServerEvent {
  event: string;
  data: any;
}

/** A run of an answer: plain, a quote with its citation, or a marker with the citation it stands for. Quotes are exact. */
export interface Piece {
  text?: string;
  marker?: string;
  citation?: Citation;
}

export type Rating = "up" | "down" | null;

/** What is kept of a judgement: whether a reason was asked for and given. */
export interface Judged {
  rating: Rating;
  explained?: boolean;
}

/** How the answer to a question ended for its reader. */
export type Outcome = "whole" | "stopped" | Trouble;

export interface Judgement {
  rating: Rating;
  reason?: string | null;
  comment?: string;
}

export type TroubleKind = "offline" | "unreachable" | "busy" | "limit" | "forbidden" | "refused" | "brokenOff" | "failed";

export type Mode = "launcher" | "inline" | "page";

export interface Example {
  text: string;
  lang: string;
}

/** What every part of one widget shares. */
export interface Context {
  words: Strings;
  /** The language of the widget's own words. */
  locale: string;
  conversation: Conversation;
  service: Service;
  /** The address to link to, or null where it is not allowed. */
  link(url: string | null | undefined): string | null;
  ask(question: string): void;
  /** With all of the quotes marked, the first one in sight. */
  showPassage(source: CitationSource | Source, citations: Citation[]): void;
  /** Says it to a screen reader, and to nobody else. */
  say(text: string, lang?: string): void;
  tell(event: string, detail?: object): void;
}
