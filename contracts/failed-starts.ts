/**
 * The folder below the hub's data in which the hub keeps, for each home whose last start failed, why: a text of at most 60 lines
 * with the end of the container's output. Written by hub/swarmhub/spawning/start_report.py, shown by `swarmhub logs USER`.
 */
export const failedStartsFolder = "failed-starts";
