import { idScenarios } from './ids.ts'
import type { Scenario } from './scenario.ts'
import { workspaceScenarios } from './workspaces.ts'

export const scenarios: readonly Scenario[] = [...workspaceScenarios, ...idScenarios]
