//go:build unix

package sqlite

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// part is a file that a backup is being written to. It is locked for as long as
// the backup runs, so that what a backup that was killed left behind is told
// from what another one is writing.
type part struct{ *os.File }

// newPart makes a part beside the wanted file, and removes what others left.
func newPart(file string) (part, error) {
	sweepParts(filepath.Dir(file))
	f, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+partMark+"*")
	if err != nil {
		return part{}, err
	}
	if err := flock(f); err != nil {
		_ = f.Close()
		return part{}, err
	}
	return part{f}, nil
}

func (p part) remove() {
	removePart(p.Name())
	_ = p.Close()
}

// removePart removes a part and what SQLite may have beside it.
func removePart(name string) {
	for _, beside := range []string{"", "-wal", "-shm", "-journal"} {
		_ = os.Remove(name + beside)
	}
}

// sweepParts removes parts that no backup is writing to any more.
func sweepParts(dir string) {
	names, _ := filepath.Glob(filepath.Join(globQuote(dir), "*"+partMark+"*"))
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			continue
		}
		if flock(f) == nil {
			removePart(name)
		}
		_ = f.Close()
	}
}

// globQuote makes a folder's name stand for itself in a pattern.
func globQuote(dir string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(dir)
}

// flock takes the lock of a file, unless somebody else has it.
func flock(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }
