// What differs between versions of PVE, as data.

export interface Profile {
  readonly version: { readonly version: string; readonly release: string; readonly repoid: string };
  readonly kernel: string;
  readonly qemu: string;
}
