const units = ["B", "KB", "MB", "GB", "TB", "PB"];

/** Bytes for a person to read, binary units: 1610612736 is "1.5 GB". */
export const formatSize = (bytes: number): string => {
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${value >= 100 || Number.isInteger(value) ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
};
