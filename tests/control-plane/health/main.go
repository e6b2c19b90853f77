// Reads objects as JSON, one a line, and prints of each what Flux (kstatus) and Argo CD (a Lua script) say.
// Its argument is the folder of the scripts, <group>/<kind>/health.lua.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// What is printed of an object.
type judgement struct {
	Kstatus        string `json:"kstatus"`
	KstatusMessage string `json:"kstatusMessage"`
	Argo           string `json:"argo"`
	ArgoMessage    string `json:"argoMessage"`
}

// Objects are at most as long as etcd takes them.
const longestLine = 2 << 20

func main() {
	if len(os.Args) != 2 {
		fail(fmt.Errorf("usage: %s SCRIPTS < OBJECTS", os.Args[0]))
	}
	if err := judgeAll(os.Args[1], os.Stdin, os.Stdout); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func judgeAll(scripts string, objects io.Reader, judgements io.Writer) error {
	lines := bufio.NewScanner(objects)
	lines.Buffer(nil, longestLine)
	output := json.NewEncoder(judgements)
	for lines.Scan() {
		answer, err := judge(scripts, lines.Bytes())
		if err != nil {
			return err
		}
		if err := output.Encode(answer); err != nil {
			return err
		}
	}
	return lines.Err()
}

func judge(scripts string, line []byte) (*judgement, error) {
	object := &unstructured.Unstructured{}
	if err := object.UnmarshalJSON(line); err != nil {
		return nil, err
	}
	flux, err := status.Compute(object)
	if err != nil {
		return nil, fmt.Errorf("kstatus of %s: %w", object.GetName(), err)
	}
	argo, err := argoHealth(scripts, object)
	if err != nil {
		return nil, fmt.Errorf("Argo CD's health of %s: %w", object.GetName(), err)
	}
	return &judgement{
		Kstatus:        string(flux.Status),
		KstatusMessage: flux.Message,
		Argo:           argo.status,
		ArgoMessage:    argo.message,
	}, nil
}
