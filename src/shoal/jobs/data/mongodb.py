"""Data in a MongoDB of one's own: named when a job is handed in, read in the worker that runs it.

Which MongoDB is the setting `mongodb`, a reference to a secret; needs the extra of the same name.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from shoal.base.errors import Forbidden, InvalidInput, NotFound, TooLarge, Unavailable
from shoal.base.extras import require
from shoal.base.settings import resolve_secret
from shoal.jobs.data.faults import unclear
from shoal.storage.datatypes import DATATYPES, checked

MONGODB = "mongodb"  # the type of such data, and what a worker's terms call the reference
# Operators that compare; others run code, or look into other collections.
COMPARING = {"$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin", "$and", "$or", "$not", "$exists"}
TEXTS = ("collection", "database", "id")
KNOWN = {*TEXTS, "type", "query", "fields", "datatype", "limit"}
MOST_DOCUMENTS, MOST_BYTES = 1_000_000, 256 << 20
PATIENCE = 10_000  # milliseconds until a MongoDB must have answered


def collection_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is to be read of a MongoDB, as the spec of a job keeps it.

    `collection`, and perhaps `database`; then either `id`, of one document that holds `datatype` and `data`,
    or `query`, `fields` and `limit`, of documents that are the rows of a table.

    Raises:
        InvalidInput: a field is unknown or has a value it cannot have.
    """
    for name in given:
        if (fault := _fault(name, given[name])) is not None:
            raise unclear(name, fault)
    return dict(given)


def arrived(bound: Mapping[str, Any] | None, terms: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return a job's data with what is read elsewhere in its place; raises what `fetched` raises."""
    return fetched(bound, terms.get(MONGODB)) if bound and bound.get("type") == MONGODB else bound


def fetched(bound: Mapping[str, Any], reference: str | None) -> dict[str, Any]:
    """Read what was named and return it as the data of a job; blocks.

    `reference` points at the secret that is the MongoDB's address.

    Raises:
        Forbidden: this server reads no MongoDB.
        InvalidInput: the document has not its datatype, or the address cannot be used.
        MissingExtra: the driver is not installed.
        NotFound: there is no such document.
        TooLarge: it is more than a job is given.
        Unavailable: the MongoDB does not answer, or refuses.
    """
    if not reference:
        hint = "Who runs this server can name one: the setting mongodb."
        raise Forbidden("This server reads no MongoDB.", hint=hint, code="not_permitted")
    require("pymongo", "mongodb")
    with _opened(resolve_secret(reference), bound.get("database")) as database:
        documents = database[bound["collection"]]
        if "id" in bound:
            datatype, data = _document(documents, bound["id"])
        else:
            datatype, data = bound.get("datatype", "dataframe"), _rows(documents, bound)
    datatype = checked(bound.get("datatype", datatype), data)
    return {"type": "object", "name": bound["collection"], "datatype": datatype, "data": data}


def _fault(name: str, value: Any) -> str | None:
    if name not in KNOWN:
        return "There is no such field."
    if name in TEXTS:
        is_name = isinstance(value, str) and value and "\0" not in value
        return None if is_name and not value.startswith(("system.", "$")) else "It is the name of something."
    if name == "datatype" and value not in DATATYPES:
        return f"There are: {', '.join(DATATYPES)}."
    if name == "limit" and not (type(value) is int and 1 <= value <= MOST_DOCUMENTS):
        return f"It is a whole number, 1 to {MOST_DOCUMENTS:,}."
    if name == "fields" and not (isinstance(value, list) and all(isinstance(each, str) for each in value)):
        return "It is a list of names."
    if name == "query" and not (isinstance(value, dict) and set(_operators(value)) <= COMPARING):
        return f"It is an object that compares, with {', '.join(sorted(COMPARING))}."
    return None


def _operators(query: Any) -> Iterator[str]:
    levels = [query]
    while levels:
        level = levels.pop()
        if isinstance(level, dict):
            yield from (name for name in level if name.startswith("$"))
            levels.extend(level.values())
        elif isinstance(level, list):
            levels.extend(level)


@contextmanager
def _opened(address: str, name: str | None) -> Iterator[Any]:
    from pymongo import MongoClient
    from pymongo.errors import ConfigurationError, PyMongoError

    try:
        with MongoClient[Any](address, serverSelectionTimeoutMS=PATIENCE, connect=False) as client:
            yield client[name] if name else client.get_default_database()
    except ConfigurationError as error:
        hint = "Name a database, in the address or in the data."
        raise InvalidInput("The address of the MongoDB cannot be used.", hint=hint) from error
    except PyMongoError as error:
        # Its own words may hold the address, which is a secret.
        raise Unavailable(f"The MongoDB does not serve this: {type(error).__name__}.") from None


def _document(documents: Any, id_: str) -> tuple[str, Any]:
    from bson import ObjectId

    ids: list[Any] = [id_, ObjectId(id_)] if ObjectId.is_valid(id_) else [id_]
    found = documents.find_one({"_id": {"$in": ids}})
    if found is None:
        raise NotFound(f"There is no document {id_} in this collection of the MongoDB.")
    return str(found.get("datatype") or "raw"), _plain(found.get("data"))


def _rows(documents: Any, bound: Mapping[str, Any]) -> list[Any]:
    fields = {name: 1 for name in bound.get("fields", [])} | {"_id": 0}
    cursor = documents.find(bound.get("query", {}), fields).limit(bound.get("limit", MOST_DOCUMENTS))
    rows, size = [], 0
    for document in cursor.batch_size(1000):
        rows.append(_plain(document))
        size += len(str(document))
        if size > MOST_BYTES:
            raise TooLarge(f"The query gives more than {MOST_BYTES:,} bytes.", hint="Ask for less.")
    return rows


def _plain(value: Any) -> Any:
    """Return a value of a document as JSON has it; times in ISO 8601, ids and the like as text."""
    if isinstance(value, dict):
        return {str(name): _plain(below) for name, below in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)
