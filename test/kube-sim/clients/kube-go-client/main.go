// What a Go program does with a Kubernetes API, with client-go's own clients and informers: a JSON line per check on stdout.
// The things it works with (things.example.test) are there already. It says when it wants the server restarted, and goes on
// with the next line on stdin.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

const namespace = "default"

var things = schema.GroupVersionResource{Group: "example.test", Version: "v1", Resource: "things"}

type world struct {
	ctx      context.Context
	config   *rest.Config
	dynamic  dynamic.Interface
	typed    kubernetes.Interface
	metadata metadata.Interface
	stdin    *bufio.Reader
}

func main() {
	config, err := clientcmd.BuildConfigFromFlags("", os.Args[1])
	check(err)
	// Nobody else is there to be spared.
	config.QPS = -1
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Second)
	defer cancel()
	w := world{
		ctx:      ctx,
		config:   config,
		dynamic:  dynamic.NewForConfigOrDie(config),
		typed:    kubernetes.NewForConfigOrDie(config),
		metadata: metadata.NewForConfigOrDie(config),
		stdin:    bufio.NewReader(os.Stdin),
	}
	for _, part := range []func(world){discover, work, secrets, protobuf, metadataOnly, elect, recordEvents, restart} {
		part(w)
	}
}

func tell(name string, value any) {
	line, err := json.Marshal(map[string]any{"check": name, "value": value})
	check(err)
	fmt.Println(string(line))
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// until asks again and again; the program's time limit ends it.
func until(w world, what string, isSo func() bool) {
	for !isSo() {
		if w.ctx.Err() != nil {
			panic("still waiting: " + what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
