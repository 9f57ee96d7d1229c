package load

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maxText bounds one JSON text: a file, or a line of NDJSON. The target has
// its own, usually smaller limit and gives the clear error.
const maxText = 256 << 20

// file is a file to load.
type file struct {
	path string
	size int64 // bytes on disk
}

// find lists the files to load that paths name, as Find does.
func find(paths []string) ([]file, error) {
	var files []file
	err := Find(paths, func(path string, size int64) { files = append(files, file{path, size}) })
	if err != nil {
		return nil, fmt.Errorf("cannot load: %w", err)
	}
	if len(files) == 0 {
		return nil, errors.New("nothing to load: no file named .json, .ndjson or .jsonl, or these with .gz")
	}
	return files, nil
}

// Find gives found each file that paths name, with its size on disk in bytes:
// files as they are, folders with all that is below them in the order of their
// names. In a folder only names that end in .json, .ndjson or .jsonl, also with
// .gz, count. Its errors are those of reading folders.
func Find(paths []string, found func(path string, size int64)) error {
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return err
		}
		if !info.IsDir() {
			found(p, info.Size())
			continue
		}
		err = filepath.WalkDir(p, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !isResourceFile(path) {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			found(path, info.Size())
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func isResourceFile(path string) bool {
	switch filepath.Ext(strings.TrimSuffix(path, ".gz")) {
	case ".json", ".ndjson", ".jsonl":
		return true
	}
	return false
}

func isLines(path string) bool {
	ext := filepath.Ext(strings.TrimSuffix(path, ".gz"))
	return ext == ".ndjson" || ext == ".jsonl"
}

// read gives the items of a file one after the other, until give returns
// false. Its error is about the file, not about an item.
func (f file) read(asIs bool, give func(Item) bool) error {
	r, err := os.Open(f.path)
	if err != nil {
		return err
	}
	defer r.Close()
	counted := &counter{r: r}
	var in io.Reader = counted
	if strings.HasSuffix(f.path, ".gz") {
		if in, err = gzip.NewReader(bufio.NewReader(in)); err != nil {
			return fmt.Errorf("%s: not gzip: %w", f.path, err)
		}
	}
	place, told := 0, int64(0)
	text := func(text []byte) bool {
		for _, item := range split(bytes.TrimPrefix(text, byteOrderMark), asIs) {
			place++
			item.File, item.Place = f.path, place
			item.Key = idempotencyKey(filepath.Base(f.path), place, item.Body)
			item.Bytes = int(counted.n - told)
			told = counted.n
			if !give(item) {
				return false
			}
		}
		return true
	}
	if isLines(f.path) {
		err = lines(in, text)
	} else {
		err = whole(in, text)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", f.path, err)
	}
	return nil
}

// byteOrderMark is what some systems put before any text.
var byteOrderMark = []byte("\ufeff")

func whole(in io.Reader, text func([]byte) bool) error {
	all, err := io.ReadAll(io.LimitReader(in, maxText+1))
	if err != nil {
		return err
	}
	if len(all) > maxText {
		return fmt.Errorf("longer than %d MiB", maxText>>20)
	}
	text(all)
	return nil
}

func lines(in io.Reader, text func([]byte) bool) error {
	s := bufio.NewScanner(in)
	s.Buffer(make([]byte, 64<<10), maxText)
	for s.Scan() {
		line := bytes.TrimSpace(s.Bytes())
		if len(line) == 0 {
			continue
		}
		if !text(bytes.Clone(line)) {
			return nil
		}
	}
	if errors.Is(s.Err(), bufio.ErrTooLong) {
		return fmt.Errorf("a line longer than %d MiB", maxText>>20)
	}
	return s.Err()
}

// counter counts the bytes read from the disk, for the progress line.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
