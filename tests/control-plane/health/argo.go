package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	lua "github.com/yuin/gopher-lua"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// How long Argo CD lets a script run.
const scriptTimeout = time.Second

type health struct {
	status, message string
}

// argoHealth runs the script of the object's kind as Argo CD does (its util/lua/lua.go): the object is the global
// `obj`, a table with `status` and perhaps `message` is returned, and the libraries are the base and `table`.
// Argo CD has a part of `os` besides, which tells the time; a health that depends on it is not wanted.
func argoHealth(scripts string, object *unstructured.Unstructured) (*health, error) {
	kind := object.GroupVersionKind()
	script, err := os.ReadFile(filepath.Join(scripts, kind.Group, kind.Kind, "health.lua"))
	if err != nil {
		return nil, err
	}
	state := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer state.Close()
	if err := openLibraries(state); err != nil {
		return nil, err
	}
	deadline, cancel := context.WithTimeout(context.Background(), scriptTimeout)
	defer cancel()
	state.SetContext(deadline)
	state.SetGlobal("obj", luaValue(state, object.Object))
	if err := state.DoString(string(script)); err != nil {
		return nil, err
	}
	return healthOf(state.Get(-1))
}

func openLibraries(state *lua.LState) error {
	libraries := []struct {
		name string
		open lua.LGFunction
	}{
		{lua.LoadLibName, lua.OpenPackage},
		{lua.BaseLibName, lua.OpenBase},
		{lua.TabLibName, lua.OpenTable},
	}
	for _, library := range libraries {
		open := lua.P{Fn: state.NewFunction(library.open), NRet: 0, Protect: true}
		if err := state.CallByParam(open, lua.LString(library.name)); err != nil {
			return err
		}
	}
	return nil
}

// luaValue is a value of an unstructured object in Lua; null is nil, and so not there.
func luaValue(state *lua.LState, value any) lua.LValue {
	switch value := value.(type) {
	case bool:
		return lua.LBool(value)
	case int64:
		return lua.LNumber(value)
	case float64:
		return lua.LNumber(value)
	case string:
		return lua.LString(value)
	case []any:
		array := state.CreateTable(len(value), 0)
		for _, item := range value {
			array.Append(luaValue(state, item))
		}
		return array
	case map[string]any:
		table := state.CreateTable(0, len(value))
		for key, item := range value {
			table.RawSetString(key, luaValue(state, item))
		}
		return table
	default:
		return lua.LNil
	}
}

func healthOf(returned lua.LValue) (*health, error) {
	table, ok := returned.(*lua.LTable)
	if !ok {
		return nil, fmt.Errorf("the script returns no table, but %s", returned.Type())
	}
	status, ok := table.RawGetString("status").(lua.LString)
	if !ok {
		return nil, fmt.Errorf("the script returns no status")
	}
	switch message := table.RawGetString("message").(type) {
	case lua.LString:
		return &health{string(status), string(message)}, nil
	case *lua.LNilType:
		return &health{status: string(status)}, nil
	default:
		return nil, fmt.Errorf("the script returns a message that is no text, but %s", message.Type())
	}
}
