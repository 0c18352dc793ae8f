// Judges custom resources by the types that their projects declare. Prints what is wrong with each.

import { pathToFileURL } from "node:url";

const [folder, objects] = process.argv.slice(2);
const PACKAGES = { "gateway.networking.k8s.io": "gateway-api", "traefik.io": "traefik" };

async function faults(object) {
  const file = `${folder}/@kubernetes-models/${PACKAGES[object.apiVersion.split("/")[0]]}/${object.apiVersion}/${object.kind}.js`;
  const module = await import(pathToFileURL(file));
  try {
    new module[object.kind](object).validate();
    return [];
  } catch (error) {
    return [String(error.message)];
  }
}

console.log(JSON.stringify(await Promise.all(JSON.parse(objects).map(faults))));
