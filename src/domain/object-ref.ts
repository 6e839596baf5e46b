/** Another object of the API, in whichever namespace it is. */
export interface ObjectRef {
  readonly name: string;
  readonly namespace: string;
}
