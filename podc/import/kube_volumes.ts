/** Volumes of Kubernetes. */
import { type Fields, type Item, Names } from "./draft.ts";
import { type Dict, dictOf, isDict, type Reader, show, textOf } from "./read.ts";
import { sizeOf } from "./units.ts";

/** What is missing above is not imported at all. */
const RAMDISK_DEFAULT = "64M";

export class KubeVolumes {
  readonly #names = new Names();
  readonly #known = new Map<string, string>();

  /**
   * @param list `volumes` of a pod's spec.
   * @param made Where they go to.
   * @param remarks Where it is told what has no counterpart.
   * @param objects The objects of the file, for the content of ConfigMaps.
   */
  constructor(
    list: readonly unknown[],
    made: Item[],
    remarks: string[],
    objects: readonly Dict[],
  ) {
    for (const [index, entry] of list.entries()) {
      const each = dictOf(entry, `volumes[${index}]`);
      const source = textOf(each.name, `volumes[${index}].name`);
      const name = this.#names.of(source, "volume");
      const notes: string[] = [];
      const fields = kind(each, name, objects, notes);
      if (fields === undefined) {
        remarks.push(`No counterpart: volume ${show(each)}`);
        continue;
      }
      this.#known.set(source, name);
      made.push({ notes, fields: { name, ...fields } });
    }
  }

  /** The mounts of a container. */
  mounts(reader: Reader, notes: string[]): Fields[] | undefined {
    const mounts = reader.list("volumeMounts").flatMap((entry, index): Fields[] => {
      const where = `${reader.where}.volumeMounts[${index}]`;
      const each = dictOf(entry, where);
      const volume = this.#known.get(textOf(each.name, `${where}.name`));
      if (volume === undefined || each.subPath !== undefined) {
        notes.push(`No counterpart: mount ${show(each)}`);
        return [];
      }
      const dest = textOf(each.mountPath, `${where}.mountPath`);
      return [{ volume, dest, readOnly: each.readOnly === true ? true : undefined }];
    });
    return mounts.length === 0 ? undefined : mounts;
  }
}

function kind(
  volume: Dict,
  name: string,
  objects: readonly Dict[],
  notes: string[],
): Fields | undefined {
  const { emptyDir, hostPath, configMap, secret, persistentVolumeClaim } = volume;
  if (isDict(hostPath)) return { type: "host", bind: textOf(hostPath.path, "hostPath.path") };
  if (persistentVolumeClaim !== undefined) return { type: "volume", shared: "pod" };
  if (isDict(configMap)) {
    const files = dataOf(objects, configMap.name);
    notes.push(`Put the files of the ConfigMap ${configMap.name} into config/${name}/${files}.`);
    return { type: "config" };
  }
  if (isDict(secret)) {
    notes.push(`Put the files of the Secret ${secret.secretName} into config/${name}/.`);
    return { type: "config" };
  }
  if (emptyDir === undefined) return undefined;
  if (!isDict(emptyDir) || emptyDir.medium !== "Memory") return { type: "volume" };
  const size = emptyDir.sizeLimit === undefined ? undefined : sizeOf(String(emptyDir.sizeLimit));
  return { type: "ramdisk", size: size ?? RAMDISK_DEFAULT };
}

/** The names of a ConfigMap's files, where it is in the file: `: a, b`. */
function dataOf(objects: readonly Dict[], name: unknown): string {
  const map = objects.find((each) =>
    each.kind === "ConfigMap" && isDict(each.metadata) && each.metadata.name === name
  );
  const keys = isDict(map?.data) ? Object.keys(map.data) : [];
  return keys.length === 0 ? "" : `: ${keys.join(", ")}`;
}
