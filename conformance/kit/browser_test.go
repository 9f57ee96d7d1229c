package kit_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience is how long a page may take to show what is waited for, on a busy
// machine.
const patience = 30 * time.Second

// chromium finds the browser. Without one the test is skipped, but fails when
// CI=true.
func chromium(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("there is no Chromium on the PATH")
	}
	t.Skip("skipped: there is no Chromium on the PATH")
	return ""
}

// artifacts is the folder for screenshots: CASEWAY_ARTIFACTS, or a temporary one.
func artifacts(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("CASEWAY_ARTIFACTS")
	if dir == "" {
		return t.TempDir()
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// startChromium runs a browser until the test ends; visits share nothing but it.
func startChromium(t testing.TB) context.Context {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium(t)),
		chromedp.Flag("no-sandbox", os.Getuid() == 0), // Chromium refuses to run as root with it
		chromedp.Flag("lang", "en-GB"),
		chromedp.UserDataDir(t.TempDir()),
	)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, closeBrowser := chromedp.NewContext(allocator)
	if err := chromedp.Do(ctx); err != nil {
		stop()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx) // waits until the browser has gone
		closeBrowser()
		stop()
	})
	return ctx
}

// visit is one person's browser window, without anybody else's cookies.
type visit struct {
	t     testing.TB
	ctx   context.Context
	shots string // folder and beginning of screenshots' names
	mu    sync.Mutex
	cries []string // what the browser complained about
}

// newVisit opens a window as wide as a telephone.
func newVisit(t testing.TB, chromium context.Context, shots string) *visit {
	t.Helper()
	ctx, stop := chromedp.NewContext(chromium, chromedp.WithNewBrowserContext())
	t.Cleanup(stop)
	v := &visit{t: t, ctx: ctx, shots: shots}
	if err := chromedp.Listen(ctx, v.listen); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, log.Enable, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	v.do(chromedp.EmulateViewport(390, 844, chromedp.EmulateScale(2)))
	t.Cleanup(func() {
		if t.Failed() {
			v.t.Logf("%s\n%s", v.eval(`location.pathname + " " + document.title`), v.eval(`document.body.innerText`))
		}
	})
	return v
}

// listen notes exceptions and violations of a page's policy. That a request was
// refused is for the test to judge.
func (v *visit) listen(event any) {
	cry := ""
	switch e := event.(type) {
	case *log.EventEntryAdded:
		if strings.Contains(e.Entry.Text, "Content Security Policy") {
			cry = e.Entry.Text
		}
	case *runtime.EventExceptionThrown:
		cry = e.ExceptionDetails.Text + " " + e.ExceptionDetails.URL
	}
	if cry != "" {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.cries = append(v.cries, cry)
	}
}

// calm fails where the browser complained.
func (v *visit) calm() {
	v.t.Helper()
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, cry := range v.cries {
		v.t.Errorf("the browser says: %s", cry)
	}
}

func (v *visit) do(steps ...chromedp.Action[chromedp.Void]) {
	v.t.Helper()
	ctx, stop := context.WithTimeout(v.ctx, patience)
	defer stop()
	if err := chromedp.Do(ctx, steps...); err != nil {
		v.t.Fatal(err)
	}
}

func (v *visit) open(url string) { v.t.Helper(); v.do(chromedp.Navigate(url)) }

func (v *visit) fill(selector, text string) {
	v.t.Helper()
	v.do(chromedp.Clear(chromedp.CSS(selector)), chromedp.SendKeys(chromedp.CSS(selector), text))
}

func (v *visit) click(selector string) {
	v.t.Helper()
	v.do(chromedp.Click(chromedp.CSS(selector)))
}

// press clicks the button with this text, follow the link.
func (v *visit) press(text string) {
	v.t.Helper()
	v.do(chromedp.Click(chromedp.Search(`//button[normalize-space(.)="` + text + `"]`)))
}

func (v *visit) follow(text string) {
	v.t.Helper()
	v.do(chromedp.Click(chromedp.Search(`//a[normalize-space(.)="` + text + `"]`)))
}

// eval gives the value of an expression, a promise's too, as text; "" while a
// page is changing.
func (v *visit) eval(expression string) string {
	ctx, stop := context.WithTimeout(v.ctx, patience)
	defer stop()
	text, _ := chromedp.Run(ctx, chromedp.Evaluate[string](
		`(async () => String(await (`+expression+`)))().catch((e) => "error: " + e.message)`, chromedp.EvalAwaitPromise))
	return text
}

// await waits until a condition of the page holds.
func (v *visit) await(condition string) {
	v.t.Helper()
	for deadline := time.Now().Add(patience); v.eval(condition) != "true"; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			v.t.Fatalf("not so after %v: %s", patience, condition)
		}
	}
}

// title waits for the page with this heading.
func (v *visit) title(text string) {
	v.t.Helper()
	v.await(`document.readyState === "complete" && document.querySelector("h1")?.textContent === ` + literal(text))
}

// shows reports whether the page has a text.
func (v *visit) shows(text string) bool {
	return v.eval(`document.body.innerText.includes(`+literal(text)+`)`) == "true"
}

func literal(text string) string { return `"` + strings.ReplaceAll(text, `"`, `\"`) + `"` }

// shot keeps a picture of the whole page, and holds the page to what every page
// owes a reader: one heading, a name for each field, no sideways scrolling.
func (v *visit) shot(name string) {
	v.t.Helper()
	picture, err := chromedp.Run(v.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		v.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Clean(v.shots+name+".png"), picture, 0o644); err != nil {
		v.t.Fatal(err)
	}
	for what, condition := range map[string]string{
		"one heading":        `document.querySelectorAll("h1").length === 1`,
		"a language":         `document.documentElement.lang === "en"`,
		"named fields":       `[...document.querySelectorAll("input:not([type=hidden])")].every((i) => i.labels.length === 1)`,
		"named buttons":      `[...document.querySelectorAll("button")].every((b) => b.textContent.trim() !== "")`,
		"room":               `document.documentElement.scrollWidth <= innerWidth`,
		"nothing from afar":  `performance.getEntriesByType("resource").every((r) => r.name.startsWith(location.origin))`,
		"no ids used twice":  `[...document.querySelectorAll("[id]")].every((e) => document.querySelectorAll("#" + e.id).length === 1)`,
		"no password in URL": `!/password|code=/.test(location.href)`,
	} {
		if v.eval(condition) != "true" {
			v.t.Errorf("page %s lacks: %s", name, what)
		}
	}
}

// dark shows the pages as a person sees them who prefers that.
func (v *visit) dark() {
	v.t.Helper()
	_, err := chromedp.Call(v.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}},
	})
	if err != nil {
		v.t.Fatal(err)
	}
}
