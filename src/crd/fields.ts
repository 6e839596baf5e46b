// Fields that several kinds share.
import { z } from 'zod';
import { strictObject } from './strict-object.ts';

/** Another object, by default in the namespace of the one that names it. */
export const reference = strictObject({ name: z.string().min(1), namespace: z.string().min(1).optional() });

/** Another object in the same namespace. */
export const localReference = strictObject({ name: z.string().min(1) });

/** A Kubernetes quantity such as `4Gi`. */
export const quantity = z.union([z.string(), z.number()], { error: 'expected a quantity such as "4Gi"' });

export const name = z.string().min(1).max(63);

export const text = z.string();
