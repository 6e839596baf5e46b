import { words } from '../world/words.ts';

export const KEYBOARDS = words(
  'de de-ch da en-gb en-us es fi fr fr-be fr-ca fr-ch hu is it ja lt mk nl no pl pt pt-br sv sl tr',
);
