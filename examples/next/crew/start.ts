import { getSystem } from 'terrace'
import { seedDemo } from './demo'

export async function startCrews(): Promise<void> {
  await seedDemo(getSystem())
}
