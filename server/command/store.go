package command

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"caseway/fhir/store"
	"caseway/fhir/store/mongo"
	"caseway/fhir/store/sqlite"
	"caseway/server"
)

// errStore is what --store must look like.
var errStore = errors.New("--store is sqlite:FILE or a mongodb:// URI")

// sqliteFile gives the file of a sqlite:FILE store.
func sqliteFile(uri string) (path string, ok bool) {
	path, ok = strings.CutPrefix(uri, "sqlite:")
	return path, ok && path != ""
}

func isMongo(uri string) bool {
	return strings.HasPrefix(uri, "mongodb://") || strings.HasPrefix(uri, "mongodb+srv://")
}

// openStore opens the store that --store names and shows its operations and
// its pool in metrics.
func openStore(ctx context.Context, uri string, log *slog.Logger, m *server.Metrics) (store.Store, error) {
	if path, ok := sqliteFile(uri); ok {
		s, err := sqlite.Open(ctx, path, sqlite.Options{
			Observe: m.StoreOperation, Log: log, CacheBytes: cacheOf(containerMemory(), sqlite.Connections()),
		})
		if err != nil {
			return nil, err
		}
		showReaders(m, s)
		return s, nil
	}
	if !isMongo(uri) {
		return nil, errStore
	}
	s, err := mongo.Open(ctx, uri, mongo.Options{Observe: m.StoreOperation, Log: log})
	if err != nil {
		return nil, err
	}
	showPool(m, s)
	return s, nil
}

func showReaders(m *server.Metrics, s *sqlite.Store) {
	m.Pool("open", "Connections that read.", func() float64 { return float64(s.Stats().Readers) })
	m.Pool("in_use", "Connections that are reading.", func() float64 { return float64(s.Stats().ReadersBusy) })
	m.Pool("waiting", "Commits that wait for the writer.", func() float64 { return float64(s.Stats().Waiting) })
	m.Pool("wal_bytes", "Size of the write-ahead log.", func() float64 { return float64(s.Stats().WALBytes) })
}

func showPool(m *server.Metrics, s *mongo.Store) {
	m.Pool("open", "Connections to MongoDB.", func() float64 { return float64(s.PoolStats().Open) })
	m.Pool("in_use", "Connections that carry an operation.", func() float64 { return float64(s.PoolStats().InUse) })
	m.Pool("waiting", "Operations that wait for a connection.", func() float64 { return float64(s.PoolStats().Waiting) })
}

// storeName is a store's name for people: a URI without login and options.
func storeName(uri string) string {
	scheme, rest, isURI := strings.Cut(uri, "://")
	if !isURI {
		return uri
	}
	rest, _, _ = strings.Cut(rest, "?")
	return scheme + "://" + rest[strings.LastIndexByte(rest, '@')+1:]
}
