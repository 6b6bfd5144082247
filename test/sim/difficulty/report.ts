/** placeholder */
export async function writeDifficultyReport(_root: string, _seed: number): Promise<void> {}
