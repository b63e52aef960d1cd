"""What the page shows of a hand-out: one row for each home, also if several files were handed out by themselves."""

from collections import Counter


def handed_rows(results: list[list[dict]], owners: dict[str, str]) -> list[dict]:
    """Returns for each home its owner, the counts, the first remark, and a problem if there is one; see homes/teacher_command.py."""
    by_home: dict[str, list[dict]] = {}
    for row in (row for rows in results for row in rows):
        by_home.setdefault(row["home"], []).append(row)
    return sorted(({"user": owners[home]} | _merged(rows) for home, rows in by_home.items()), key=lambda row: row["user"])


def _merged(rows: list[dict]) -> dict:
    counts: Counter[str] = Counter()
    for row in rows:
        counts.update(row.get("counts", {}))
    files = [file for row in rows for file in row.get("files", [])]
    beside = [name for row in rows for name in row.get("beside", [])]
    found: dict = {"counts": counts, "files": files[:1], "more": max(0, len(files) - 1), "beside": beside[:1]}
    problem = next((row for row in rows if "problem" in row), None)
    return found | ({key: problem[key] for key in ("problem", "why", "needs", "has") if key in problem} if problem else {})
