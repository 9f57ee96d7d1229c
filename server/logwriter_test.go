package server_test

import (
	"bytes"
	"io"
	"log/slog"
	"strings"
	"testing"

	"caseway/server"
)

// TestWarningsAreWrittenAtOnce, whatever the logger adds to them.
func TestWarningsAreWrittenAtOnce(t *testing.T) {
	for _, row := range []struct {
		name, want string
		log        func(*slog.Logger) *slog.Logger
		json       bool
	}{
		{"text", `msg=trouble a=1`, func(l *slog.Logger) *slog.Logger { return l }, false},
		{"JSON", `"msg":"trouble","a":1`, func(l *slog.Logger) *slog.Logger { return l }, true},
		{"with attributes", `b=2`, func(l *slog.Logger) *slog.Logger { return l.With("b", 2) }, false},
		{"in a group", `g.a=1`, func(l *slog.Logger) *slog.Logger { return l.WithGroup("g") }, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			read, write := io.Pipe()
			writer := server.NewLogWriter(write)
			go row.log(writer.Logger(slog.LevelInfo, row.json)).Warn("trouble", "a", 1)
			line := make([]byte, 200)
			n, err := read.Read(line)
			if err != nil || !bytes.Contains(line[:n], []byte(row.want)) {
				t.Errorf("got %q, error %v, want %q in it", line[:n], err, row.want)
			}
			go io.Copy(io.Discard, read)
			writer.Close()
		})
	}
}

// TestLinesHaveALevel: what is below the logger's level is left out.
func TestLinesHaveALevel(t *testing.T) {
	var out bytes.Buffer
	writer := server.NewLogWriter(&out)
	log := writer.Logger(slog.LevelInfo, false)
	log.Debug("hidden")
	log.Info("first")
	writer.Close()
	if got := out.String(); !strings.Contains(got, "msg=first") || strings.Contains(got, "hidden") {
		t.Errorf("got %q, want the line of level INFO alone", got)
	}
}
