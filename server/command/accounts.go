package command

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"caseway/auth/account"
	"caseway/auth/record"
	"caseway/fhir/store/mongo"
	"caseway/fhir/store/sqlite"

	"golang.org/x/term"
)

// withAccounts opens the users and clients of a store for f. A server may have
// the store open.
func withAccounts(ctx context.Context, uri string, f func(*account.Store) error) (err error) {
	records, done, err := openRecords(ctx, uri)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	return f(account.NewStore(records, nil))
}

func openRecords(ctx context.Context, uri string) (_ record.Store, done func() error, err error) {
	path, ok := sqliteFile(uri)
	if !ok && !isMongo(uri) {
		return nil, nil, errStore
	}
	if !ok {
		s, err := mongo.Open(ctx, uri, mongo.Options{})
		if err != nil {
			return nil, nil, err
		}
		return s, s.Close, nil
	}
	s, err := sqlite.Open(ctx, path, sqlite.Options{})
	if err == nil {
		return s, s.Close, nil
	}
	if !errors.Is(err, sqlite.ErrInUse) {
		return nil, nil, err
	}
	beside, err := sqlite.OpenRecords(path)
	if err != nil {
		return nil, nil, err
	}
	return beside, beside.Close, nil
}

// readSecret asks for a secret twice at a terminal, without showing it, and
// reads one line of anything else. A secret is never an argument: those are
// seen by everybody on the machine.
func readSecret(s Streams, what string) (string, error) {
	f, ok := s.In.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return readLine(s.In, what)
	}
	first, err := askSecret(s, f, what+": ")
	if err != nil {
		return "", err
	}
	second, err := askSecret(s, f, what+", again: ")
	if err == nil && first != second {
		err = errors.New("the two aren't the same")
	}
	return first, err
}

func askSecret(s Streams, f *os.File, prompt string) (string, error) {
	fmt.Fprint(s.Err, prompt)
	data, err := term.ReadPassword(int(f.Fd()))
	fmt.Fprintln(s.Err)
	return string(data), err
}

func readLine(in io.Reader, what string) (string, error) {
	if in == nil {
		return "", fmt.Errorf("the %s is read from standard input", what)
	}
	line, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	line = strings.TrimRight(line, "\r\n")
	if line == "" {
		return "", fmt.Errorf("the %s is read from standard input, and there is none", what)
	}
	return line, nil
}

// named says which user or client an error is about.
func named(what, id string, err error) error {
	switch {
	case errors.Is(err, account.ErrUnknown):
		return fmt.Errorf("there is no %s %s", what, id)
	case errors.Is(err, account.ErrExists):
		return fmt.Errorf("there is a %s %s already", what, id)
	}
	return err
}
