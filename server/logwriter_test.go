package server_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"regexp"
	"testing"

	"caseway/server"
)

// TestLogLinesAreSlogs compares what the log writes with slog's own handlers.
func TestLogLinesAreSlogs(t *testing.T) {
	for _, json := range []bool{false, true} {
		var ours, theirs bytes.Buffer
		writer := server.NewLogWriter(&ours)
		var handler slog.Handler = slog.NewTextHandler(&theirs, nil)
		if json {
			handler = slog.NewJSONHandler(&theirs, nil)
		}
		for _, log := range []*slog.Logger{writer.Logger(slog.LevelInfo, json), slog.New(handler)} {
			log.Info("request", "method", "GET", "route", "/fhir/:type/:id", "type", "", "status", 200, "bytes", int64(-7))
			log.Info("two words", "quote", `a"b`, "equals", "a=b", "break", "a\nb", "angle", "<a&b>", "umlaut", "ä")
			log.Info("x", "a key", "v")
			log.Warn("trouble", "cause", errors.New("no way"), "took", 3.5)
			log.With("a", 1).Info("with", "b", 2)
			log.WithGroup("g").Info("group", "b", 2)
			log.Debug("not shown")
		}
		writer.Close()
		if got, want := withoutTime(ours.String()), withoutTime(theirs.String()); got != want {
			t.Errorf("json %v:\n%s\nslog writes\n%s", json, got, want)
		}
	}
}

var instant = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(Z|[+-]\d\d:\d\d)`)

func withoutTime(lines string) string { return instant.ReplaceAllString(lines, "now") }

func TestWarningsAreWrittenAtOnce(t *testing.T) {
	read, write := io.Pipe()
	writer := server.NewLogWriter(write)
	go writer.Logger(slog.LevelInfo, false).Warn("trouble")
	line := make([]byte, 100)
	n, err := read.Read(line)
	if err != nil || !bytes.Contains(line[:n], []byte("trouble")) {
		t.Errorf("%v %q", err, line[:n])
	}
	go io.Copy(io.Discard, read)
	writer.Close()
}
