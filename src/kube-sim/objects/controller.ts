// What follows from writes, done by the server itself.

export interface Controller {
  /** Looks at everything: at the start, and where writes have been lost that nobody will ask for again. */
  readonly lookAtAll: () => void;
  readonly stop: () => void;
}
