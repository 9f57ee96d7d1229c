-- Schema 4, that of release 0.1.0.

-- Resource types by number, so that rows and index entries stay small.
CREATE TABLE resource_type (
  id   INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

-- Every version of every resource, in the order of commits.
CREATE TABLE version (
  seq          INTEGER PRIMARY KEY, -- 1, 2, 3, …
  type         INTEGER NOT NULL,
  key          TEXT NOT NULL,       -- "Patient/1"
  version      INTEGER NOT NULL,    -- the resource's versionId
  updated      INTEGER NOT NULL,    -- lastUpdated; never falls from one seq to the next
  until        INTEGER NOT NULL,    -- lastUpdated of the next version, or 253402300799999; both are stored in 6 bytes, so that setting it moves nothing
  method       INTEGER NOT NULL,    -- 1 POST, 2 PUT, 3 PATCH, 4 DELETE: a tombstone
  compartments TEXT NOT NULL,       -- "Patient/1 Patient/2"
  body         TEXT                 -- the JSON as readers get it; null in a tombstone
) STRICT;
CREATE UNIQUE INDEX version_instance ON version (key, version);
CREATE INDEX version_type   ON version (type, updated, key, version);
CREATE INDEX version_system ON version (updated, key, version);

-- What searches look at, of each current version that is no tombstone. It
-- stands apart from the bodies, so that a search that passes over a resource
-- doesn't read it.
CREATE TABLE head (
  seq        INTEGER PRIMARY KEY, -- the version's
  type       INTEGER NOT NULL,
  key        TEXT NOT NULL,
  version    INTEGER NOT NULL,
  updated    INTEGER NOT NULL,
  generation INTEGER NOT NULL,    -- of the parameters that made the terms
  terms      BLOB NOT NULL        -- index terms and kept values, see encodeIndex
) STRICT;
CREATE INDEX head_type       ON head (type);
CREATE INDEX head_generation ON head (generation);

-- What many terms begin with, by number: see prefixes.
CREATE TABLE prefix (
  id   INTEGER PRIMARY KEY,
  text TEXT NOT NULL UNIQUE
) STRICT;

-- The index: which heads have a term, and which versions belong to a
-- compartment, see compartment.go.
CREATE TABLE posting (
  term  BLOB NOT NULL,    -- a prefix's number as a varint, then the rest of the term
  seq   INTEGER NOT NULL, -- of the first of some heads that have it
  count INTEGER NOT NULL, -- how many they are
  more  BLOB,             -- the others, see posting.go
  PRIMARY KEY (term, seq)
) WITHOUT ROWID, STRICT;

-- The postings of all heads up to this one are in the table; those of later ones
-- are made from the heads, when the store is opened.
CREATE TABLE compacted (seq INTEGER NOT NULL) STRICT;
INSERT INTO compacted VALUES (0);

-- Heads that were displaced since, whose postings are still in the table.
CREATE TABLE displaced (
  seq   INTEGER PRIMARY KEY,
  terms BLOB NOT NULL -- as in head
) STRICT;

CREATE TABLE record (
  kind    TEXT NOT NULL,
  key     TEXT NOT NULL,
  version INTEGER NOT NULL,
  expires INTEGER NOT NULL, -- 0: never
  value   BLOB NOT NULL,
  PRIMARY KEY (kind, key)
) WITHOUT ROWID, STRICT;
CREATE INDEX record_expires ON record (expires) WHERE expires > 0;
