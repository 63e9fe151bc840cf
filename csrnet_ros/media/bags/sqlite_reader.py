"""The sqlite3 reader of ``rosbags``, for files that are damaged, or not closed, as well."""

from collections.abc import Collection, Generator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import apsw
from rosbags.rosbag2 import ReaderError
from rosbags.rosbag2.storage_mcap import MAXSIZE
from rosbags.rosbag2.storage_sqlite3 import Sqlite3Reader

from csrnet_ros.media.bags.mcap_reader import Message
from csrnet_ros.media.bags.sqlite_catalogue import connect, log_of, write_catalogue


class LenientSqlite3Reader(Sqlite3Reader):
    """Reads each message for itself, so that a damaged page costs but those that it is part of.

    :ivar losses: what of the file is known to be missing, in words
    """

    def __init__(self, path: Any) -> None:
        super().__init__(path)
        self.losses: list[str] = []
        self._bag: apsw.Connection | None = None
        self._opened = ExitStack()

    def open(self) -> None:
        """Open the file, or a catalogue of it if it is damaged or was not closed."""
        log = log_of(self.path)
        # In the URI that rosbags makes of the path, these would lead to another one.
        if log is not None or set('%?#') & set(str(self.path)):
            self._open_catalogue()
        else:
            try:
                super().open()
            except Exception:  # what is damaged fails in any way that its bytes spell
                self._open_catalogue()
        if log is not None:
            self.losses.append(
                f'{self.path} was not closed by its recorder: read with what {log.name} holds'
            )
        # All are counted by the index of times, those of each topic in the table itself.
        count = self.metadata.message_count
        missing = count - sum(connection.msgcount for connection in self.connections)
        if missing > 0:
            self.losses.append(
                f'{self.path} is damaged: {missing} of {count} messages are not under its topics'
            )

    def _open_catalogue(self) -> None:
        path = self.path
        with ExitStack() as opened:
            folder = opened.enter_context(TemporaryDirectory())
            self.path = Path(folder, 'catalogue.db3')
            try:
                self._bag = connect(path)
                opened.callback(self._bag.close)
                self.losses += [f'{path} {loss}' for loss in write_catalogue(self.path, self._bag)]
                super().open()
            except Exception as error:  # as above
                raise ReaderError(str(error).replace(str(self.path), str(path))) from error
            finally:
                self.path = path
            self._opened = opened.pop_all()

    def close(self) -> None:
        """Close the file."""
        super().close()
        self._opened.close()

    def messages(
        self, connections: Collection[Any], start: int | None = None, stop: int | None = None
    ) -> Generator[Message, None, None]:
        """Yield the messages of ``connections``, from the time ``start`` to before ``stop``."""
        assert self.dbconn is not None, 'it is open'
        wanted = {connection.id: connection for connection in connections}
        # The index of times may be damaged, too.
        found = self.dbconn.execute(
            'SELECT id, topic_id, timestamp FROM messages NOT INDEXED '
            f'WHERE topic_id IN ({",".join("?" * len(wanted))}) '
            'AND timestamp >= ? AND timestamp < ? ORDER BY timestamp, id',
            (*wanted, start or 0, MAXSIZE if stop is None else stop),
        )
        bag = self._bag or self.dbconn
        query = "SELECT data FROM messages WHERE id = ? AND typeof(data) = 'blob'"
        for number, topic, time_ns in found:
            try:
                row = bag.execute(query, (number,)).fetchone()
            except apsw.Error:
                continue  # whoever reads knows how many messages there should be
            if row is not None:
                yield wanted[topic], time_ns, row[0]
