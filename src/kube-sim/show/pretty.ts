/** Whether JSON is indented: as `?pretty=` says, else for people with a browser, curl or wget. */
export function isPretty(parameter: string | undefined, userAgent: string | undefined): boolean {
  if (parameter !== undefined && parameter !== '') return ['1', 't', 'T', 'TRUE', 'true', 'True'].includes(parameter);
  return /^(curl|Wget|Mozilla\/5\.0)/.test(userAgent ?? '');
}
