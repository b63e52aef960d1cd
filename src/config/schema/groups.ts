import * as z from "zod";
import type { Bytes, GroupServers } from "../types.js";
import { lineFrom, userFrom } from "../values/names.js";
import { leaf, list, mapping, mappingOf, section } from "./fields.js";
import { cpu, memory, quota } from "./sizes.js";

/** User names. */
export const users = list({ what: "a list of user names", example: "[ada]" }, leaf(userFrom));

const group = {
  members: users.default([]),
  memory: memory.exactOptional(),
  cpu: cpu.exactOptional(),
  quota: quota.exactOptional(),
  images: list(
    { what: "a list of names of images", example: "[R]" },
    leaf(lineFrom("the name of an image", "R", 60)),
  ).default([]),
  claims: list(
    { what: "a list of names of groups at the provider", example: '["role:instructor"]' },
    leaf(lineFrom("the name of a group at the provider", "role:instructor", 255)),
  ).default([]),
};

/** Groups of users: each is a list of its members, or a mapping with what its members get. */
export const groups = mapping(
  { what: "a mapping of groups", example: "{staff: [ada]}" },
  z.preprocess(
    (value) => (Array.isArray(value) ? { members: value } : value),
    section(group, "[ada]", `a list of user names, or ${mappingOf(group)}`),
  ),
);

type Groups = z.output<typeof groups>;

/** The members of each group. */
export const membersOf = (all: Groups): Record<string, string[]> =>
  Object.fromEntries(Object.entries(all).map(([name, { members }]) => [name, members]));

/** The groups whose members' servers differ from those of others, or which have other names at the provider. */
export const groupServersOf = (all: Groups): Record<string, GroupServers> =>
  Object.fromEntries(
    Object.entries(all).flatMap(([name, { memory: bytes, cpu: cores, images, claims }]) =>
      bytes === undefined && cores === undefined && images.length + claims.length === 0
        ? []
        : [
            [
              name,
              {
                ...(bytes !== undefined && { memory: bytes }),
                ...(cores !== undefined && { cpu: cores }),
                images,
                claims,
              },
            ],
          ],
    ),
  );

/** The quotas that groups have; rules/groups.ts refuses a second one in `storage.quota`. */
export const groupQuotasOf = (all: Groups): Record<string, Bytes> =>
  Object.fromEntries(
    Object.entries(all).flatMap(([name, { quota: size }]) =>
      size === undefined ? [] : [[name, size]],
    ),
  );
