package packages

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"
)

// archive reads a .tgz file.
func (r *reader) archive(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return r.gzipped(f)
}

// gzipped reads a tar archive that is compressed.
func (r *reader) gzipped(from io.Reader) error {
	inflated, err := gzip.NewReader(bufio.NewReader(from))
	if err != nil {
		return fmt.Errorf("isn't compressed by gzip: %w", err)
	}
	// What isn't kept counts too: headers and folders of examples inflate as well.
	bounded := &io.LimitedReader{R: inflated, N: r.limits.All + 1}
	archive := tar.NewReader(bounded)
	for {
		header, err := archive.Next()
		if bounded.N <= 0 {
			return fmt.Errorf("has more than %d bytes", r.limits.All)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("isn't a tar archive: %w", err)
		}
		if err := r.member(archive, header); err != nil {
			return err
		}
	}
}

// member reads one member of an archive.
func (r *reader) member(archive *tar.Reader, header *tar.Header) error {
	switch header.Typeflag {
	case tar.TypeReg:
	case tar.TypeDir, tar.TypeXGlobalHeader:
		return r.count(header.Name, 0)
	default:
		return fmt.Errorf("has a link or a device, %.80q: packages hold files alone", header.Name)
	}
	if err := r.count(header.Name, header.Size); err != nil {
		return err
	}
	clean := path.Clean(strings.ReplaceAll(header.Name, `\`, "/"))
	if path.IsAbs(clean) || clean == ".." || strings.HasPrefix(clean, "../") || strings.Contains(header.Name, "..") && clean != path.Clean(header.Name) {
		return fmt.Errorf("has a path that leads out of it, %.80q", header.Name)
	}
	name, inside := strings.CutPrefix(clean, "package/")
	if !inside || !wanted(name) {
		return nil
	}
	data, err := content(archive, header.Size)
	if err != nil {
		return fmt.Errorf("%.80q can't be read: %w", header.Name, err)
	}
	return r.keep(name, data)
}

// trusted is up to which size a header is believed before anything is read.
const trusted = 4 << 20

// content reads a member without room to spare: packages have thousands.
func content(from io.Reader, size int64) ([]byte, error) {
	if size > trusted {
		data, err := io.ReadAll(io.LimitReader(from, size))
		return slices.Clip(data), err
	}
	data := make([]byte, size)
	_, err := io.ReadFull(from, data)
	return data, err
}
