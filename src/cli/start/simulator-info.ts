import { request } from 'undici';
import { z } from 'zod';

const info = z.object({
  nodes: z.array(z.object({ name: z.string(), url: z.string() })),
  ca: z.string(),
  token: z.object({ id: z.string(), secret: z.string() }),
  timeScale: z.number(),
});

export interface SimulatorInfo extends z.infer<typeof info> {
  readonly controlUrl: string;
}

/** What a running simulator tells of itself. */
export async function simulatorInfo(controlUrl: string): Promise<SimulatorInfo> {
  const { body } = await request(`${controlUrl}/info`);
  return { ...info.parse(await body.json()), controlUrl };
}
