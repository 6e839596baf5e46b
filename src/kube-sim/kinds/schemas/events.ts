// Events as events.k8s.io/v1 has them: the same objects as in the core group, under other names.
import type { Definition, Definitions } from './definition.ts';
import { TYPE_META } from './type-meta.ts';

const TIME = 'io.k8s.apimachinery.pkg.apis.meta.v1.Time';
const MICRO_TIME = 'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime';
const OBJECT_REFERENCE = 'io.k8s.api.core.v1.ObjectReference';

const text = (description: string): Definition => ({ description, type: 'string' });

/** Definitions of Event and its series. */
export const EVENTS: Definitions = {
  'io.k8s.api.events.v1.Event': {
    description: 'Event tells what happened to an object, for people to read. It goes after a while.',
    type: 'object',
    required: ['eventTime'],
    properties: {
      ...TYPE_META,
      metadata: {
        description:
          "Standard object's metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata",
        default: {},
        $ref: 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta',
      },
      action: text('What was done or failed.'),
      deprecatedCount: { description: 'count of the core group.', type: 'integer', format: 'int32' },
      deprecatedFirstTimestamp: { description: 'firstTimestamp of the core group.', $ref: TIME },
      deprecatedLastTimestamp: { description: 'lastTimestamp of the core group.', $ref: TIME },
      deprecatedSource: {
        description: 'source of the core group.',
        default: {},
        $ref: 'io.k8s.api.core.v1.EventSource',
      },
      eventTime: { description: 'When it was first seen.', $ref: MICRO_TIME },
      note: text('What happened, in words.'),
      reason: text('What happened, in one word.'),
      regarding: { description: 'What it is about.', default: {}, $ref: OBJECT_REFERENCE },
      related: { description: 'Another object it has to do with.', $ref: OBJECT_REFERENCE },
      reportingController: text('The controller that tells it.'),
      reportingInstance: text('Which instance of the controller.'),
      series: { description: 'Of an event that happens again and again.', $ref: 'io.k8s.api.events.v1.EventSeries' },
      type: text('Normal or Warning.'),
    },
  },
  'io.k8s.api.events.v1.EventSeries': {
    description: 'EventSeries counts an event that happens again and again.',
    type: 'object',
    required: ['count', 'lastObservedTime'],
    properties: {
      count: { description: 'How often up to the last observation.', type: 'integer', format: 'int32', default: 0 },
      lastObservedTime: { description: 'When it was last seen.', $ref: MICRO_TIME },
    },
  },
};
