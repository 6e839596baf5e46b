// What a client asks for in `Accept`: a format, and whether it wants the objects, a table of them or their metadata.
import { own } from '../own.ts';
import { StatusError } from '../status.ts';
import type { MetaVersion } from './partial-object-metadata.ts';

export type MediaType = 'application/json' | 'application/yaml';

export interface Negotiated {
  readonly mediaType: MediaType;
  readonly kind: 'object' | 'table' | 'partial' | 'partial-list';
  /** Of meta.k8s.io: what a table or partial object is made in. */
  readonly version: MetaVersion;
  /** Asked for by `;pretty=1`; the query and the user agent may ask for it too. */
  readonly pretty: boolean;
}

/** What is answered: objects, which may be transformed, or anything else, which may not. */
export type Offer = 'object' | 'watch' | 'document';

interface Clause {
  readonly type: string;
  readonly subtype: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
}

const KINDS: Readonly<Record<string, Negotiated['kind']>> = {
  Table: 'table',
  PartialObjectMetadata: 'partial',
  PartialObjectMetadataList: 'partial-list',
};

/** As a server with protobuf tells it (recording 151): custom resources are refused in protobuf all the same. */
const TOLD: Readonly<Record<Offer, string>> = {
  object: 'application/json, application/yaml, application/vnd.kubernetes.protobuf',
  document: 'application/json, application/yaml, application/vnd.kubernetes.protobuf',
  watch: 'application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch',
};

/** Throws a StatusError 406 where nothing that is accepted can be given. */
export function negotiate(accept: string | undefined, offer: Offer): Negotiated {
  if (accept === undefined || accept.trim() === '') return negotiated('application/json', new Map());
  for (const clause of clauses(accept)) {
    const mediaType = offered(offer).find((one) => matches(clause, one));
    if (mediaType !== undefined && isPossible(clause, offer)) return negotiated(mediaType, clause.parameters);
  }
  throw new StatusError(406, 'NotAcceptable', `only the following media types are accepted: ${TOLD[offer]}`);
}

/** The format of an error, whatever was asked for: the first that is possible, else JSON (recording 151). */
export function negotiateStatus(accept: string | undefined): MediaType | 'application/vnd.kubernetes.protobuf' {
  const known = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'] as const;
  const plain = clauses(accept ?? '').filter(({ parameters }) => !parameters.has('as'));
  const found = plain.flatMap((clause) => known.find((one) => matches(clause, one)) ?? []);
  return found[0] ?? 'application/json';
}

function offered(offer: Offer): readonly MediaType[] {
  return offer === 'watch' ? ['application/json'] : ['application/json', 'application/yaml'];
}

function matches({ type, subtype }: Clause, mediaType: string): boolean {
  return type === '*' || `${type}/${subtype}` === mediaType || (type === 'application' && subtype === '*');
}

/** A transformation is asked for by group, version and kind. */
function isPossible({ parameters }: Clause, offer: Offer): boolean {
  const as = parameters.get('as');
  if (as === undefined) return true;
  const [group, version] = [parameters.get('g'), parameters.get('v')];
  return (
    offer !== 'document' &&
    own(KINDS, as) !== undefined &&
    group === 'meta.k8s.io' &&
    (version === 'v1' || version === 'v1beta1')
  );
}

function negotiated(mediaType: MediaType, parameters: ReadonlyMap<string, string>): Negotiated {
  return {
    mediaType,
    kind: own(KINDS, parameters.get('as') ?? '') ?? 'object',
    version: parameters.get('v') === 'v1beta1' ? 'v1beta1' : 'v1',
    pretty: ['1', 'true'].includes(parameters.get('pretty') ?? ''),
  };
}

/** In the order of preference: by quality, then what is exact before what is not, then as written. */
export function clauses(accept: string): readonly Clause[] {
  return accept
    .split(',')
    .map(clause)
    .filter(({ quality }) => quality > 0)
    .toSorted((one, other) => other.quality - one.quality || wildcards(one) - wildcards(other));
}

function clause(text: string): Clause {
  const [mediaType = '', ...rest] = text.split(';').map((part) => part.trim());
  const [type = '', subtype = ''] = mediaType.split('/');
  const parameters = new Map(rest.map(parameter));
  const quality = Number(parameters.get('q') ?? 1);
  return { type, subtype, parameters, quality: Number.isNaN(quality) ? 1 : quality };
}

function parameter(text: string): [key: string, value: string] {
  const at = text.indexOf('=');
  return at < 0
    ? [text, '']
    : [
        text.slice(0, at).trim(),
        text
          .slice(at + 1)
          .trim()
          .replace(/^"(.*)"$/, '$1'),
      ];
}

function wildcards({ type, subtype }: Clause): number {
  return (type === '*' ? 1 : 0) + (subtype === '*' ? 1 : 0);
}
