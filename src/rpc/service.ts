import type { DescMessage, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import type { GenService, GenServiceMethods } from '@bufbuild/protobuf/codegenv2';
import type { Owner } from '#domain/owner';
import type { Deadline } from '#runtime/deadline';

// What a service of ours is in types: a handler per unary method, inferred from the generated contract.

/** What a handler knows about the call besides its request. */
export interface CallContext {
  /** Short name of the method: `Create`. */
  readonly method: string;
  /**
   * Over at the caller's deadline minus a margin, and at once when the caller gives up (the reason is then a
   * `cancelled` Fault) or when this process has to stop (a `busy` one).
   */
  readonly deadline: Deadline;
  /** As far as the caller sends it. */
  readonly owner: Partial<Owner>;
  /** Of the object that asks where that is no VirtualMachine, as far as the caller sends it. */
  readonly objectUid: string | undefined;
  /** How long ago a Power or a SnapshotRevert was first asked for, as far as the caller sends it. */
  readonly askedSecondsAgo: number | undefined;
  /** Who asks: the first name in the client certificate, without one its address. */
  readonly peer: string | undefined;
}

/** Answers one call; every Fault thrown becomes its gRPC status, every other error an Internal without details. */
export type Handler<Input extends DescMessage, Output extends DescMessage> = (
  request: MessageShape<Input>,
  call: CallContext,
) => Promise<MessageInitShape<Output>>;

/** A handler for each unary method, by local name (`create`, `listVMs`); what is left out answers Unimplemented. */
export type Handlers<Service> =
  Service extends GenService<infer Methods> ? { readonly [Name in keyof Methods]?: HandlerOf<Methods[Name]> } : never;

type HandlerOf<Method extends GenServiceMethods[string]> = Method extends {
  methodKind: 'unary';
  input: infer Input extends DescMessage;
  output: infer Output extends DescMessage;
}
  ? Handler<Input, Output>
  : never;
