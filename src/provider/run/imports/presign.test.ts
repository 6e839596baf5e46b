import { expect, it } from 'vitest';
import { presignedUrl } from './presign.ts';

// The example of Amazon's own documentation of Signature Version 4 in the query.
const credentials = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  sessionToken: undefined,
};
const object = { bucket: 'examplebucket', key: 'test.txt', endpoint: undefined, region: 'us-east-1', pathStyle: false };
const validity = { now: Date.UTC(2013, 4, 24), seconds: 86_400 };

it('signs the URL of an object as Amazon does', () => {
  expect(presignedUrl(object, credentials, validity)).toBe(
    'https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256' +
      '&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request' +
      '&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host' +
      '&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
  );
});

it.each([
  [{ region: 'eu-central-1' }, 'https://examplebucket.s3.eu-central-1.amazonaws.com/test.txt?'],
  [{ endpoint: new URL('http://minio.test:9000'), pathStyle: true }, 'http://minio.test:9000/examplebucket/test.txt?'],
  [
    { endpoint: new URL('https://store.test/s3/'), key: 'a b/c+(d).img' },
    'https://examplebucket.store.test/s3/a%20b/c%2B%28d%29.img?',
  ],
])('finds the store of %o', (change, start) => {
  expect(presignedUrl({ ...object, ...change }, credentials, validity).slice(0, start.length)).toBe(start);
});

it('hands a session token on', () => {
  const url = presignedUrl(object, { ...credentials, sessionToken: 'a/b=' }, validity);
  expect(url).toContain('&X-Amz-Security-Token=a%2Fb%3D&X-Amz-SignedHeaders=host&');
});
