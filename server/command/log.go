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
	return writer.Logger(least, format == "json"), writer
}
