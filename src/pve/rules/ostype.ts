/** Whether `ostype` names a Windows: `wxp`, `w2k3`, `wvista`, `win11`. */
export function isWindows(ostype: string | undefined): boolean {
  return ostype?.startsWith('w') === true;
}
