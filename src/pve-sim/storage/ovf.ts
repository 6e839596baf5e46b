// What an appliance's descriptor says of the machine inside, as far as PVE reads it.

export interface Appliance {
  readonly name: string | undefined;
  readonly cores: number | undefined;
  readonly memoryMib: number | undefined;
  /** The files of its disks, in their order. */
  readonly disks: readonly string[];
  readonly nics: number;
}

const CPU = '3';
const MEMORY = '4';
const ETHERNET = '10';

export function readOvf(xml: string): Appliance {
  const items = [...xml.matchAll(/<Item[^>]*>(.*?)<\/Item>/gs)].map(([, item = '']) => item);
  const quantity = (type: string): number | undefined => {
    const found = items.find((item) => resourceType(item) === type);
    const text = found === undefined ? undefined : /VirtualQuantity>(\d+)</.exec(found)?.[1];
    return text === undefined ? undefined : Number(text);
  };
  const files = new Map(
    [...xml.matchAll(/<File\b[^>]*>/g)].map(([tag]) => [attribute(tag, 'id'), attribute(tag, 'href')]),
  );
  const disks = [...xml.matchAll(/<Disk\b[^>]*>/g)].flatMap(([tag]) => files.get(attribute(tag, 'fileRef')) ?? []);
  return {
    name: /<VirtualSystem\b.*?<Name>([^<]+)<\/Name>/s.exec(xml)?.[1],
    cores: quantity(CPU),
    memoryMib: quantity(MEMORY),
    disks,
    nics: items.filter((item) => resourceType(item) === ETHERNET).length,
  };
}

function resourceType(item: string): string | undefined {
  return /ResourceType>(\d+)</.exec(item)?.[1];
}

function attribute(tag: string, name: string): string | undefined {
  return new RegExp(`(?:ovf:)?${name}="([^"]*)"`).exec(tag)?.[1];
}
