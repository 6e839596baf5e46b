// From an ImagePrepare on the wire, or from what an unfinished template keeps of it, to an order; and back.
import { createHash } from 'node:crypto';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { requestDigest } from '#claim/digest';
import { type ImageTodo, readImageTodo } from '#claim/image-todo';
import type { Claim } from '#claim/record';
import { Fault } from '#domain/fault';
import { KEPT_SIZE, NO_PLACEMENT } from '#domain/vm-spec';
import type { ImagePrepareResponseSchema } from '#rpc/contract';
import type { WebImage } from '#rpc/payload/image-prepare';
import { formatImagesTask, formatTaskId } from '#rpc/task-id';
import type { CreateOrder, ImageOrder } from './create-order.ts';
import type { ImageOutcome } from './run/images/prepare.ts';

/**
 * A template has no owner but its name and what is in it: whoever asks for the same gets the same.
 * @param among the nodes it may be on, of an image that has a template on several
 */
export function imageOrder(image: WebImage, among: readonly string[] = []): CreateOrder {
  const where = { storage: image.storage, node: image.node, nodes: among };
  return orderFor({ ...image, place: undefined }, digestOf(image), where);
}

/** The further template of an image, for a node that the first one does not serve. */
export function furtherImageOrder(image: WebImage, node: string): CreateOrder {
  const where = { storage: image.storage, nodes: [node] };
  return orderFor({ ...image, forNode: node, place: undefined }, digestOf(image), where);
}

/** The same for all templates of an image: it is what makes them one source. */
function digestOf({ target, url, checksum, storage, node }: WebImage): string {
  return requestDigest({ target, content: contentOf({ url, checksum }), storage, node });
}

function keyOf({ target, url, checksum, forNode }: ImageOrder): string {
  const key = `${target}/${contentOf({ url, checksum })}`;
  return forNode === undefined ? key : `${key} on ${forNode}`;
}

/** What tells images of one name apart. A URL may hold a secret, and the claim that keeps this stays with the template. */
function contentOf({ url, checksum }: Pick<ImageTodo, 'url' | 'checksum'>): string {
  return checksum?.value ?? `url-${createHash('sha256').update(url).digest('hex').slice(0, 40)}`;
}

/** The order of a template that nobody asks for any more; undefined where it does not tell it. */
export function orderOfImage(description: string | undefined, claim: Claim): CreateOrder | undefined {
  const todo = readImageTodo(description, claim.incarnation);
  if (todo === undefined) return undefined;
  const order = orderFor(decidedImage(todo), claim.digest, {});
  return { ...order, begun: claim.vmid };
}

interface Where {
  readonly storage?: string | undefined;
  readonly node?: string | undefined;
  readonly nodes?: readonly string[];
}

function orderFor(image: ImageOrder, digest: string, { storage, node, nodes = [] }: Where): CreateOrder {
  const key = keyOf(image);
  return {
    spec: {
      name: image.target,
      image: { kind: 'blank', storage, node },
      size: KEPT_SIZE,
      networks: undefined,
      disks: undefined,
      tags: [],
      userData: undefined,
      metaData: undefined,
      placement: { ...NO_PLACEMENT, nodes },
    },
    owner: { name: key },
    digest,
    kind: 'image',
    key,
    image,
  };
}

/** The image as it was decided when its template was begun. Throws where the template no longer tells it. */
export function imageAsDecided(
  { spec }: CreateOrder,
  description: string | undefined,
  incarnation: string,
): ImageOrder & Required<Pick<ImageOrder, 'place'>> {
  const todo = readImageTodo(description, incarnation);
  if (todo !== undefined) return decidedImage(todo);
  throw new Fault('precondition', {
    subject: `image ${spec.name}`,
    wanted: 'prepare',
    why: 'somebody has removed from the description of its template what is still to be done',
    remedy: 'Delete the template, and prepare the image again',
  });
}

function decidedImage(todo: ImageTodo) {
  const { target, node: forNode, url, importStorage, storage } = todo;
  return {
    target,
    forNode,
    url,
    checksum: todo.checksum as ImageOrder['checksum'],
    formats: todo.formats as ImageOrder['formats'],
    diskFormat: todo.diskFormat as ImageOrder['diskFormat'],
    // What it has been made with.
    osType: 'l26' as const,
    place: { importStorage, storage },
  };
}

/** @param path volume of the template's disk, '' while there is none */
export function encodeImageOutcome(
  { vmid, running }: ImageOutcome,
  path: string,
): MessageInitShape<typeof ImagePrepareResponseSchema> {
  const prepared = { preparedImageId: String(vmid), preparedImagePath: path };
  const [first] = running;
  if (first === undefined) return prepared;
  const id =
    running.length === 1 ? formatTaskId({ ...first, kind: 'image', goal: 'ready' }) : formatImagesTask(running);
  return { ...prepared, task: { id } };
}

/** An error of the engine, whose words are those of a Create, in the words of an ImagePrepare. @param field that names an image */
export function inWordsOfImage(error: unknown, field = 'image_json.source'): unknown {
  if (!(error instanceof Fault)) return error;
  const { subject, wanted } = error.text;
  const known = FIELDS.find(([engine]) => engine.test(subject));
  const named = subject.replace(/^image_json\.(?:TemplateName|Path|ISO)/, field).replace(/^VM /, 'image ');
  const renamed = known === undefined ? named : subject.replace(...known);
  const why = error.text.why.replaceAll('placement_json.Nodes', NODES);
  const text = { ...error.text, subject: renamed, why, ...(wanted === 'create' ? { wanted: 'prepare' } : {}) };
  return new Fault(error.kind, text, { cause: error });
}

const NODES = 'image_json.source.proxmox.nodes';

const FIELDS: readonly (readonly [RegExp, string])[] = [
  [/^(?:placement_json\.Datastore|image_json\.Storage)/, 'image_json.source.proxmox.storage'],
  [/^placement_json\.Nodes/, NODES],
  [/^image_json\.Node/, 'image_json.source.proxmox.node'],
];
