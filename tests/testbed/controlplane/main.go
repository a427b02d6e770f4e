// Command controlplane is etcd and the control plane of Kubernetes in one
// binary. The components are the upstream ones; only ready-maker, which stands
// in for the kubelets, the volume provisioner and the load balancer, is ours.
package main

import (
	"fmt"
	"os"
	"sort"
	"strings"
	_ "time/tzdata" // CronJobs name time zones, which slim images do not have

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
)

var components = map[string]func(arguments []string) int{
	"etcd": func([]string) int {
		etcdmain.Main(os.Args)
		return 0
	},
	"kube-apiserver":          upstream(apiserver.NewAPIServerCommand),
	"kube-controller-manager": upstream(controllermanager.NewControllerManagerCommand),
	"kube-scheduler":          upstream(func() *cobra.Command { return scheduler.NewSchedulerCommand() }),
	"ready-maker":             readyMaker,
	"yaml-to-json":            yamlToJSON,
}

func main() {
	if len(os.Args) < 2 || components[os.Args[1]] == nil {
		fmt.Fprintf(os.Stderr, "usage: %s %s [flags]\n", os.Args[0], strings.Join(componentNames(), "|"))
		os.Exit(2)
	}
	run := components[os.Args[1]]
	// The components read os.Args themselves and must not see the subcommand.
	os.Args = append([]string{os.Args[1]}, os.Args[2:]...)
	exitWithOwner()
	os.Exit(run(os.Args[1:]))
}

// upstream defers the construction of the command, because merely building
// one registers flags and feature gates of that component process-wide.
func upstream(command func() *cobra.Command) func([]string) int {
	return func([]string) int { return cli.Run(command()) }
}

func componentNames() []string {
	names := make([]string, 0, len(components))
	for name := range components {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
