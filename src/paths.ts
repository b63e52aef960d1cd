/** Every place on a machine that swarmhub writes to. Nothing outside this list is ours. */
export const paths = {
  /** What we configured or must undo; one folder, so that it can be looked at. */
  configuration: "/etc/swarmhub",
  /** What must be remembered: secrets, the hub's database, certificates, the lock. */
  state: "/var/lib/swarmhub",
  /** Where the homes' file system is mounted. */
  storage: "/srv/swarmhub",
  /** What each home may hold. */
  limits: "/srv/swarmhub/limits.json",
  /** What each new home gets a copy of, and which one of all it is. */
  skeleton: "/srv/swarmhub/skeleton",
  skeletonNote: "/srv/swarmhub/skeleton.json",
  /** The name of the class that the machine belongs to. */
  classNote: "/etc/swarmhub/class",
  installedPackages: "/etc/swarmhub/installed-packages",
  heldPackages: "/etc/swarmhub/held-packages",
  forwardingBefore: "/etc/swarmhub/forwarding-before",
  /** What Docker's folders were before swarmhub installed it. */
  dockerBefore: "/etc/swarmhub/docker-before",
  dockerConfiguration: "/etc/docker/daemon.json",
  /** Docker's data, and where it is on a file system of its own: its file, its mount, why Docker needs it, and what was seen of it. */
  dockerFolder: "/var/lib/docker",
  scratchFile: "/var/lib/swarmhub/scratch.xfs",
  scratchMount: "/etc/systemd/system/var-lib-docker.mount",
  scratchNeed: "/etc/systemd/system/docker.service.d/swarmhub-scratch.conf",
  scratchNote: "/etc/swarmhub/scratch",
  dockerConfigurationBefore: "/etc/swarmhub/docker-daemon.json.before",
  /** The HTTP proxy of the configuration: for apt, for Docker, and a note of what was last applied. All have its password. */
  aptProxy: "/etc/apt/apt.conf.d/95swarmhub-proxy",
  proxyVariables: "/etc/swarmhub/proxy.env",
  proxyUnit: "/etc/systemd/system/docker.service.d/swarmhub-proxy.conf",
  proxyNote: "/etc/swarmhub/proxy",
  firewall: "/etc/swarmhub/firewall",
  firewallUnit: "/etc/systemd/system/swarmhub-firewall.service",
  /** A worker's way to the registry on the manager. */
  registrySocket: "/etc/systemd/system/swarmhub-registry.socket",
  registryRelay: "/etc/systemd/system/swarmhub-registry.service",
  /** What reports a machine's state, and what measures its users' writable layers. */
  monitor: "/etc/swarmhub/monitor",
  monitorUnit: "/etc/systemd/system/swarmhub-monitor.service",
  layers: "/etc/swarmhub/layers",
  layersUnit: "/etc/systemd/system/swarmhub-layers.service",
  /** The folder of what they write, in memory; a rule of systemd's creates it at boot, before Docker binds it into the hub. */
  run: "/run/swarmhub",
  runRule: "/etc/tmpfiles.d/swarmhub.conf",
  largestLayers: "/run/swarmhub/layers/largest.json",
  /** The servers that it ended because the disk was full. */
  endedServers: "/run/swarmhub/layers/ended.json",
  exports: "/etc/exports.d/swarmhub.exports",
  /** What keeps machines that are lost from the homes, as files in a folder of the storage name them. */
  fence: "/etc/swarmhub/fence",
  fenceUnit: "/etc/systemd/system/swarmhub-fence.service",
  fenced: "/srv/swarmhub/fenced",
  nfsConfiguration: "/etc/nfs.conf.d/swarmhub.conf",
  fileSystemTable: "/etc/fstab",
  storageFile: "/var/lib/swarmhub/homes.xfs",
  secrets: "/var/lib/swarmhub/secrets",
  hub: "/var/lib/swarmhub/hub",
  /** What the hub says of the settings that it has read. */
  hubSettingsStatus: "/var/lib/swarmhub/hub/settings.json",
  /** What the registry keeps. */
  registry: "/var/lib/swarmhub/registry",
  /** What a running build needs. */
  build: "/var/lib/swarmhub/build",
  hubConfiguration: "/etc/swarmhub/hub.json",
  /** Who may log in, with hashes of passwords; only root can read it. */
  roster: "/etc/swarmhub/roster.json",
  /** What was found in the images of users' servers. */
  imageLooks: "/etc/swarmhub/images.json",
  /** A folder of its own, since it is bound into the container: a bound file would stay the one that a rename replaced. */
  edge: "/etc/swarmhub/edge",
  edgeConfiguration: "/etc/swarmhub/edge/settings.json",
  certificates: "/var/lib/swarmhub/certificates",
  /** What the edge serves, in its own words. */
  certificateStatus: "/var/lib/swarmhub/certificates/status.json",
} as const;

/** The files whose whole content `facts` brings along; none of them holds a secret. */
export const readFiles: readonly string[] = [
  paths.classNote,
  paths.installedPackages,
  paths.heldPackages,
  paths.dockerConfiguration,
  paths.dockerConfigurationBefore,
  paths.dockerBefore,
  paths.scratchMount,
  paths.scratchNeed,
  paths.scratchNote,
  paths.proxyNote,
  paths.firewall,
  paths.firewallUnit,
  paths.registrySocket,
  paths.registryRelay,
  paths.monitor,
  paths.monitorUnit,
  paths.layers,
  paths.layersUnit,
  paths.runRule,
  paths.largestLayers,
  paths.endedServers,
  paths.exports,
  paths.fence,
  paths.fenceUnit,
  paths.nfsConfiguration,
  paths.fileSystemTable,
  paths.limits,
  paths.skeletonNote,
  paths.hubConfiguration,
  paths.hubSettingsStatus,
  paths.imageLooks,
  paths.edgeConfiguration,
  paths.certificateStatus,
];

/** What the operator may give the edge, below the folder of certificates; most of it is secret. */
export const givenNames = [
  "own/certificate.pem",
  "own/key.pem",
  "acme/ca.pem",
  "acme/eab-key",
  "acme/dns-credentials.ini",
  "acme/dns-hook",
] as const;
