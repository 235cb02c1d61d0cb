/** How many scenarios there are: one that is lost, or left out, is noticed. */
export const SCENARIOS = 680
