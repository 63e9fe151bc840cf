"""A catalogue of an sqlite3 bag: a file with all that the bag holds but the data of its messages.

It is made of files that cannot be opened as they are, since pages are damaged or missing, or since
the recorder has left messages beside them, in its write-ahead log.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import apsw

DESCRIPTIONS = """SELECT name, sql FROM sqlite_master
    WHERE type = 'table' AND name IN ('schema', 'topics', 'message_definitions')"""

MESSAGES = """SELECT id, topic_id, timestamp FROM messages NOT INDEXED
    WHERE typeof(topic_id) = 'integer' AND typeof(timestamp) = 'integer'"""


def log_of(path: Any) -> Path | None:
    """Return the write-ahead log beside a file, None if none is there or it holds nothing."""
    log = Path(f'{path}-wal')
    return log if log.exists() and log.stat().st_size else None


def connect(path: Any) -> apsw.Connection:
    """Return a connection to a bag's file; nothing in its folder is changed, nor locked."""
    way = 'immutable=1' if log_of(path) is None else 'vfs=unix-none'
    connection = apsw.Connection(
        f'file:{quote(str(path))}?{way}', flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
    )
    # Else a file that is shorter than it says is refused.
    connection.execute('PRAGMA writable_schema = ON')
    # Else a log is read only with a file beside it that says who reads it.
    connection.execute('PRAGMA locking_mode = EXCLUSIVE')
    return connection


def write_catalogue(path: Path, bag: apsw.Connection) -> list[str]:
    """Write the catalogue of a bag; return what cannot be found in it, in words.

    :raises apsw.Error: if the bag cannot be read at all
    """
    catalogue = apsw.Connection(str(path))
    try:
        with catalogue:  # one transaction
            tables: list[Any] = bag.execute(DESCRIPTIONS).fetchall()
            for table, definition in tables:
                catalogue.execute(definition)
                for row in bag.execute(f'SELECT * FROM {table}'):
                    places = ','.join('?' * len(row))
                    catalogue.execute(f'INSERT INTO {table} VALUES ({places})', row)
            catalogue.execute('CREATE TABLE messages(id INTEGER PRIMARY KEY, topic_id, timestamp)')
            search = _Search(bag)
            catalogue.executemany('INSERT OR IGNORE INTO messages VALUES (?, ?, ?)', search)
    finally:
        catalogue.close()
    return search.losses


class _Search:
    """Finds the messages of a bag, by number where they cannot be gone through.

    They are numbered from 1 on. The search ends with the last number, if that can be had, or after
    as many numbers in a row, without a message, as the file has pages.

    :ivar losses: how many cannot be found, in words
    """

    def __init__(self, bag: apsw.Connection) -> None:
        self._bag = bag
        self.losses: list[str] = []

    def __iter__(self) -> Iterator[Any]:
        try:
            yield from self._bag.execute(MESSAGES)
        except apsw.Error:
            yield from self._by_number()

    def _by_number(self) -> Iterator[Any]:
        last, pages = self._last_number(), self._bag.pragma('page_count')
        number = highest = missing = 0
        while number < highest + pages and number != last:
            number += 1
            try:
                found = self._bag.execute(f'{MESSAGES} AND id = ?', (number,)).fetchone()
            except apsw.Error:
                continue
            if found is not None:
                missing += number - highest - 1
                highest = number
                yield found
        if last is None:
            self.losses.append(
                f'is damaged: {missing} of its first {highest} messages cannot be found, nor any '
                'that may follow'
            )
        else:
            missing += last - highest
            self.losses.append(f'is damaged: {missing} of its {last} messages cannot be found')

    def _last_number(self) -> int | None:
        """Return the last number, from the table or from its index, if one can be read."""
        for way in ('NOT INDEXED', 'INDEXED BY timestamp_idx'):
            try:
                rows: list[Any] = self._bag.execute(
                    f'SELECT max(id) FROM messages {way}'
                ).fetchall()
            except apsw.Error:
                continue
            return rows[0][0]
        return None
