package command

import (
	"io"
	"log/slog"

	"caseway/server"
)

// newLog makes the log; the writer must be closed at the end.
func newLog(w io.Writer, level, format string) (*slog.Logger, *server.LogWriter) {
	var least slog.Level                   // info
	_ = least.UnmarshalText([]byte(level)) // the flag's enum has allowed it
	writer := server.NewLogWriter(w)
	options := &slog.HandlerOptions{Level: least}
	if format == "json" {
		return slog.New(writer.Handler(slog.NewJSONHandler(writer, options))), writer
	}
	return slog.New(writer.Handler(slog.NewTextHandler(writer, options))), writer
}
