/** Owns what belongs to one simulated world for as long as that exists, wherever in the simulation it is asked for. */
import type { SimWorld } from "./world.ts";

/** @returns the thing of a world: made when it is first asked for, the same from then on. */
export function perWorld<Thing extends object>(make: (world: SimWorld) => Thing): (world: SimWorld) => Thing {
  const known = new WeakMap<SimWorld, Thing>();
  return (world) => {
    const thing = known.get(world) ?? make(world);
    known.set(world, thing);
    return thing;
  };
}
