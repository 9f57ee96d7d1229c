-- What schema 2 has beside the tables of schema 1: see schema.sql.
CREATE TABLE head (
  seq        INTEGER PRIMARY KEY,
  type       INTEGER NOT NULL,
  key        TEXT NOT NULL,
  version    INTEGER NOT NULL,
  updated    INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  terms      BLOB NOT NULL
) STRICT;
CREATE INDEX head_type       ON head (type);
CREATE INDEX head_generation ON head (generation);
CREATE TABLE stem (
  id   INTEGER PRIMARY KEY,
  text TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE posting (
  term  BLOB NOT NULL,    -- a stem's number as a varint, then the rest of the term
  seq   INTEGER NOT NULL, -- of the first of some heads that have it
  count INTEGER NOT NULL, -- how many they are
  more  BLOB,             -- the others, see posting.go
  PRIMARY KEY (term, seq)
) WITHOUT ROWID, STRICT;

CREATE TABLE merged (seq INTEGER NOT NULL) STRICT;
INSERT INTO merged VALUES (0);
CREATE TABLE leftover (
  seq   INTEGER PRIMARY KEY,
  terms BLOB NOT NULL
) STRICT;

CREATE TABLE migration (done INTEGER NOT NULL) STRICT; -- versions up to this seq have their heads
INSERT INTO migration VALUES (0);
PRAGMA user_version = 2;
